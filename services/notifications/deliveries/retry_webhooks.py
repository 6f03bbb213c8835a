"""Retry the deliveries that are due, by schedule."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from kernel.time import clock
from services.notifications.deliveries.attempts import Attempt, send_attempts
from services.notifications.deliveries.items import DeliveryItem, cancel_delivery, due_deliveries
from services.notifications.deliveries.rules import Outcome
from services.notifications.webhooks.items import EndpointItem, stored_endpoints

#: A run starts no attempt after this many seconds.
RUN_SECONDS = 40

#: Pending deliveries of an inactive endpoint that one run cancels at most.
_CANCELLED_PER_RUN = 200

_DUE_READ = 10


def retry_webhooks() -> None:
    """Send the due deliveries for at most `RUN_SECONDS`: one per endpoint at a time, all endpoints at the same time.

    An endpoint that gives no answer gets no second attempt in the same run.
    """
    end = time.monotonic() + RUN_SECONDS
    endpoints = stored_endpoints()
    for endpoint in endpoints:
        if not endpoint.is_active:
            _cancel_deliveries(endpoint)
    remaining = [endpoint for endpoint in endpoints if endpoint.is_active]
    attempted: set[tuple[str, str]] = set()
    while remaining and time.monotonic() < end:
        due = [
            Attempt(endpoint, delivery)
            for endpoint in remaining
            if (delivery := _next_due(endpoint, attempted)) is not None
        ]
        attempted |= {(attempt.delivery.pk, attempt.delivery.sk) for attempt in due}
        no_further = (Outcome.NO_ANSWER, Outcome.GONE)
        remaining = [result.endpoint for result in send_attempts(due) if result.outcome not in no_further]


def _next_due(endpoint: EndpointItem, attempted: set[tuple[str, str]]) -> DeliveryItem | None:
    """The longest due delivery of an endpoint that this run has not attempted."""
    due = due_deliveries(endpoint.endpoint_id, clock.now(), _DUE_READ)
    return next((delivery for delivery in due if (delivery.pk, delivery.sk) not in attempted), None)


def _cancel_deliveries(endpoint: EndpointItem) -> None:
    for delivery in due_deliveries(endpoint.endpoint_id, datetime.max.replace(tzinfo=UTC), _CANCELLED_PER_RUN):
        cancel_delivery(delivery)
