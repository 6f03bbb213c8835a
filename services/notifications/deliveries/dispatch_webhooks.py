"""Dispatch an event to the endpoints that subscribe to it, as soon as it is published."""

from __future__ import annotations

import math
from datetime import datetime

from kernel.messaging.events import Envelope
from kernel.time import clock
from services.notifications.deliveries.attempts import Attempt, AttemptResult, schedule_dispatch, send_attempts
from services.notifications.deliveries.items import open_delivery
from services.notifications.deliveries.rules import Outcome
from services.notifications.webhooks.items import stored_endpoints
from services.notifications.webhooks.rules import receives

#: The schedule runs every minute; a shorter wait is spent in the queue instead.
_SHORT_WAIT_SECONDS = 60


def dispatch_webhooks(envelope: Envelope) -> None:
    """Create the deliveries of an event, and send those that are due, to all endpoints at the same time.

    An endpoint that did not answer last time is left to the schedule, so that it delays no other endpoint here.
    """
    subscribers = [
        endpoint
        for endpoint in stored_endpoints()
        if endpoint.is_active and receives(endpoint.endpoint_id, endpoint.types, envelope)
    ]
    now = clock.now()
    opened = [Attempt(endpoint, open_delivery(endpoint, envelope, now)) for endpoint in subscribers]
    results = send_attempts([attempt for attempt in opened if _can_start_now(attempt, clock.now())])
    if waits := [wait for result in results if (wait := _short_wait(result)) is not None]:
        schedule_dispatch(envelope.model_dump_json(exclude_none=True), max(waits))


def _can_start_now(attempt: Attempt, now: datetime) -> bool:
    delivery = attempt.delivery
    if delivery.due is None or delivery.due > now:
        return False
    was_answered = bool(delivery.log) and delivery.log[-1]["outcome"] != Outcome.NO_ANSWER
    return attempt.endpoint.failing_since is None or delivery.replay or was_answered


def _short_wait(result: AttemptResult) -> int | None:
    """Seconds until the next attempt, if that is too soon for the schedule and the endpoint answered this one."""
    if result.next_step.due is None or result.outcome is Outcome.NO_ANSWER:
        return None
    wait = math.ceil((result.next_step.due - clock.now()).total_seconds())
    return max(0, wait) if wait < _SHORT_WAIT_SECONDS else None
