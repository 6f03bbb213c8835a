"""Invariants of delivery: what became true was told, and nobody gave up on hearing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from kernel import clock
from kernel.outbox import EventItem
from tools.audit.findings import Finding


def unsent_findings(events: Iterable[EventItem], now: datetime, patience: timedelta) -> Iterator[Finding]:
    """No event waits longer than `patience` for being sent."""
    for event in events:
        if event.gsi1pk and now - clock.parse_stamp(event.envelope.time) > patience:
            yield Finding("event-unsent", event.envelope.id, f"{event.envelope.type} waits since {event.envelope.time}")


def dead_letter_findings(depths: Mapping[str, int]) -> Iterator[Finding]:
    """No dead-letter queue holds anything; `depths`: messages by queue."""
    for queue, messages in sorted(depths.items()):
        if messages:
            yield Finding("dead-letters", queue, f"{messages} messages were given up on")
