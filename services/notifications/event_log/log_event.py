"""Log a public event, so that partners can read it later."""

from __future__ import annotations

from kernel.messaging.events import Envelope
from kernel.time import clock
from services.notifications.event_log.items import log_once
from services.notifications.event_log.rules import is_logged


def log_event(envelope: Envelope) -> None:
    """Log an event in the order of writing. An event that comes again, or after its retention, changes nothing."""
    now = clock.now()
    if is_logged(envelope.type, clock.parse_stamp(envelope.time), now):
        log_once(envelope, now)
