"""Deliver events to endpoints: at once, and again by schedule."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

from kernel.base import observability
from kernel.base.settings import settings
from kernel.messaging.events import Envelope
from kernel.store import aws, cursors
from kernel.time import clock
from services.notifications.webhooks import signed_post
from services.notifications.webhooks.delivery_items import (
    DeliveryItem,
    cancel_delivery,
    claim_delivery,
    due_deliveries,
    finish_attempt,
    open_delivery,
)
from services.notifications.webhooks.endpoint_items import EndpointItem, disable_endpoint, endpoints, record_health
from services.notifications.webhooks.rules import (
    DeliveryState,
    NextDelivery,
    Outcome,
    is_subscribed,
    next_delivery,
    outcome_of,
    parse_retry_after,
    should_disable,
)
from services.notifications.webhooks.signed_post import Answer, signed_headers

#: One run of the schedule begins no attempt after this many seconds.
RUN_SECONDS = 40


#: What waits for an endpoint that is gone is cleared away in portions.
_CLEARED_PER_RUN = 200


_DUE_READ = 10


#: The schedule runs every minute; a wait shorter than this is slept in the queue.
_SHORT_WAIT_SECONDS = 60


class Attempt(NamedTuple):
    """A delivery about to be tried."""

    endpoint: EndpointItem
    delivery: DeliveryItem


class Tried(NamedTuple):
    """What came of an attempt."""

    endpoint: EndpointItem
    outcome: Outcome
    verdict: NextDelivery


def allow_loopback() -> bool:
    """Whether webhooks may go to this machine: only if set, and only in stages for trying things out."""
    stage = settings().stage
    return settings().webhook_allow_loopback and (stage == "local" or stage.startswith("test"))


def dispatch_webhooks(message: Envelope) -> None:
    """Make the deliveries of an event, and send those that are due, the endpoints side by side.

    An endpoint that failed last time is left to the schedule, so that it holds up nobody here.
    """
    hearing = [one for one in endpoints() if one.is_active and is_subscribed(tuple(one.types), message.type)]
    now = clock.now()
    opened = [Attempt(endpoint, open_delivery(endpoint, message, now)) for endpoint in hearing]
    tried = _try([one for one in opened if _may_go_now(one, clock.now())])
    if waits := [wait for one in tried if (wait := _short_wait(one)) is not None]:
        wake(message.model_dump_json(exclude_none=True), max(waits))


def _may_go_now(one: Attempt, now: datetime) -> bool:
    delivery = one.delivery
    if delivery.due is None or delivery.due > now:
        return False
    answered = bool(delivery.log) and delivery.log[-1]["outcome"] != Outcome.NO_ANSWER
    return one.endpoint.failing_since is None or delivery.replay or answered


def _short_wait(one: Tried) -> int | None:
    """Seconds until the next attempt, if that is too soon for the schedule and the endpoint at least answers."""
    if one.verdict.due is None or one.outcome is Outcome.NO_ANSWER:
        return None
    wait = math.ceil((one.verdict.due - clock.now()).total_seconds())
    return max(0, wait) if wait < _SHORT_WAIT_SECONDS else None


def wake(body: str, seconds: int = 0) -> None:
    """Have an event dispatched again in so many seconds. Only hurries what the schedule would find by itself."""
    url = aws.sqs().get_queue_url(QueueName=f"qudao-{settings().stage}-dispatch-webhooks")["QueueUrl"]
    aws.sqs().send_message(QueueUrl=url, MessageBody=body, DelaySeconds=seconds)


def retry_webhooks() -> None:
    """Send what is due, one delivery per endpoint at a time and the endpoints side by side, for `RUN_SECONDS` at most.

    An endpoint that gives no answer is not asked again in the same run.
    """
    end = time.monotonic() + RUN_SECONDS
    everywhere = endpoints()
    for endpoint in everywhere:
        if not endpoint.is_active:
            _clear(endpoint)
    waiting = [endpoint for endpoint in everywhere if endpoint.is_active]
    done: set[tuple[str, str]] = set()
    while waiting and time.monotonic() < end:
        due = [Attempt(endpoint, one) for endpoint in waiting for one in _next_due(endpoint, done)]
        done |= {(one.delivery.pk, one.delivery.sk) for one in due}
        silent = (Outcome.NO_ANSWER, Outcome.GONE)
        waiting = [one.endpoint for one in _try(due) if one.outcome not in silent]


def _next_due(endpoint: EndpointItem, done: set[tuple[str, str]]) -> list[DeliveryItem]:
    """The delivery that has been due longest and was not seen in this run: one or none."""
    due = due_deliveries(endpoint.endpoint_id, clock.now(), _DUE_READ)
    return [one for one in due if (one.pk, one.sk) not in done][:1]


def _clear(endpoint: EndpointItem) -> None:
    for one in due_deliveries(endpoint.endpoint_id, datetime.max.replace(tzinfo=UTC), _CLEARED_PER_RUN):
        cancel_delivery(one)


def _try(due: Sequence[Attempt]) -> list[Tried]:
    """Claim these deliveries, send what could be claimed all at once, and record what came of it."""
    now = clock.now()
    secrets = {one.endpoint.endpoint_id: _signing(one.endpoint, now) for one in due}
    claimed = [one for one in due if claim_delivery(one.delivery, now)]
    if not claimed:
        return []
    with ThreadPoolExecutor(max_workers=len(claimed)) as pool:
        answers = pool.map(lambda one: _send(one, secrets[one.endpoint.endpoint_id], now, allow_loopback()), claimed)
        return [_record(one, answer) for one, answer in zip(claimed, answers, strict=True)]


def _signing(endpoint: EndpointItem, now: datetime) -> list[str]:
    return [str(cursors.unseal(sealed)) for sealed in endpoint.sealed_secrets(now)]


def _send(one: Attempt, signing: list[str], now: datetime, loopback: bool) -> Answer:
    delivery = one.delivery
    headers = signed_headers(delivery.event_id, delivery.body, signing, now, replay=delivery.replay)
    return signed_post.post(one.endpoint.url, headers, delivery.body.encode(), allow_loopback=loopback)


def _record(one: Attempt, answer: Answer) -> Tried:
    delivery, now = one.delivery, clock.now()
    outcome = outcome_of(answer.status)
    if delivery.replay:
        # A replay is an extra: it may prove the event arrived after all, and can spoil nothing.
        verdict = NextDelivery(DeliveryState.DELIVERED if outcome is Outcome.SUCCESS else DeliveryState(delivery.state))
    else:
        asked = parse_retry_after(answer.retry_after, now)
        verdict = next_delivery(outcome, delivery.attempts, now, asked, random.random())
        _record_health(one.endpoint, outcome, now)
    if not finish_attempt(delivery, outcome, answer.seconds, verdict):
        observability.logger().warning("attempt outlived its claim", event_id=delivery.event_id)
    _measure(one, outcome, verdict, now)
    return Tried(one.endpoint, outcome, verdict)


def _record_health(endpoint: EndpointItem, outcome: Outcome, now: datetime) -> None:
    """Keep since when an endpoint fails; disable it when it says it is gone, or has failed for days."""
    since = clock.parse_stamp(endpoint.failing_since) if endpoint.failing_since else None
    if outcome is Outcome.SUCCESS:
        if since:
            record_health(endpoint, None)
    elif outcome is Outcome.GONE or should_disable(since, now):
        if disable_endpoint(endpoint, "gone" if outcome is Outcome.GONE else "failing"):
            observability.count("WebhookDisabled")
    elif since is None:
        record_health(endpoint, now)


def _measure(one: Attempt, outcome: Outcome, verdict: NextDelivery, now: datetime) -> None:
    delivery = one.delivery
    if outcome is Outcome.SUCCESS:
        observability.count("WebhookDelivered")
        observability.seconds("WebhookAge", (now - clock.parse_stamp(delivery.event_time)).total_seconds())
    else:
        observability.count("WebhookAttemptFailed")
    if verdict.state is DeliveryState.EXHAUSTED and not delivery.replay:
        observability.count("WebhookExhausted")
    observability.logger().info(
        "webhook",
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        outcome=outcome,
        attempt=delivery.attempts,
        state=verdict.state,
    )
