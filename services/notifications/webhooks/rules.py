"""Rules of webhook endpoints: limits, subscriptions and disabling."""

from __future__ import annotations

from datetime import datetime, timedelta

MAX_ENDPOINTS = 20

#: Subscribes an endpoint to all event types.
EVERY_TYPE = "*"

#: An endpoint without a successful attempt for longer than this is disabled.
MAX_FAILING_TIME = timedelta(days=5)

#: A replaced secret still signs for this time.
SECRET_OVERLAP = timedelta(hours=24)


def is_subscribed(types: tuple[str, ...], event_type: str) -> bool:
    """Return True if an endpoint with these subscribed types receives an event type."""
    return EVERY_TYPE in types or event_type in types


def should_disable(failing_since: datetime | None, now: datetime) -> bool:
    """Return True if an endpoint has failed for so long that it must be disabled."""
    return failing_since is not None and now - failing_since > MAX_FAILING_TIME
