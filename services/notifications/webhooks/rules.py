"""Rules of webhook endpoints: limits, subscriptions and disabling."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.notifications import WebhookTested
from kernel.messaging.events import Envelope

MAX_ENDPOINTS = 20

#: Subscribes an endpoint to all event types.
EVERY_TYPE = "*"

#: An endpoint without a successful attempt for longer than this is disabled.
MAX_FAILING_TIME = timedelta(days=5)

#: A replaced secret still signs for this time.
SECRET_OVERLAP = timedelta(hours=24)


def receives(endpoint_id: str, types: Sequence[str], envelope: Envelope) -> bool:
    """Return True if an endpoint with these subscribed types receives an event; a test goes to its endpoint alone."""
    if envelope.type == WebhookTested.TYPE:
        return bool(envelope.data["endpoint_id"] == endpoint_id)
    return EVERY_TYPE in types or envelope.type in types


def should_disable(failing_since: datetime | None, now: datetime) -> bool:
    """Return True if an endpoint has failed for so long that it must be disabled."""
    return failing_since is not None and now - failing_since > MAX_FAILING_TIME
