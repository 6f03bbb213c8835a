"""Attempts: claim deliveries, send them to their endpoints at the same time, record the outcomes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from kernel.base import observability
from kernel.base.settings import settings
from kernel.store import aws, cursors
from kernel.time import clock
from services.notifications.deliveries.items import DeliveryItem, claim_delivery, finish_attempt
from services.notifications.deliveries.rules import (
    DeliveryState,
    NextStep,
    Outcome,
    next_step,
    outcome_of,
    parse_retry_after,
)
from services.notifications.webhooks import signed_post
from services.notifications.webhooks.items import EndpointItem, disable_endpoint, record_health
from services.notifications.webhooks.rules import should_disable


class Attempt(NamedTuple):
    """An attempt to make: a delivery, and the endpoint to send it to."""

    endpoint: EndpointItem
    delivery: DeliveryItem


class AttemptResult(NamedTuple):
    """Outcome of an attempt, and the next step of its delivery."""

    endpoint: EndpointItem
    outcome: Outcome
    next_step: NextStep


def schedule_dispatch(body: str, seconds: int = 0) -> None:
    """Have an event dispatched again after so many seconds. Without this the schedule retries it within a minute."""
    url = aws.queue_url(f"qudao-{settings().stage}-dispatch-webhooks")
    aws.sqs().send_message(QueueUrl=url, MessageBody=body, DelaySeconds=seconds)


def send_attempts(attempts: Sequence[Attempt]) -> list[AttemptResult]:
    """Claim these deliveries, send the claimed ones at the same time, and record the outcomes."""
    now = clock.now()
    secrets = {attempt.endpoint.endpoint_id: _secrets(attempt.endpoint, now) for attempt in attempts}
    claimed = [attempt for attempt in attempts if claim_delivery(attempt.delivery, now)]
    if not claimed:
        return []
    allow_loopback = signed_post.is_loopback_allowed()
    with ThreadPoolExecutor(max_workers=len(claimed)) as pool:
        responses = pool.map(
            lambda attempt: _send(attempt, secrets[attempt.endpoint.endpoint_id], now, allow_loopback), claimed
        )
        return [_record(attempt, response) for attempt, response in zip(claimed, responses, strict=True)]


def _secrets(endpoint: EndpointItem, now: datetime) -> list[str]:
    return [str(cursors.unseal(sealed)) for sealed in endpoint.sealed_secrets(now)]


def _send(attempt: Attempt, secrets: list[str], now: datetime, allow_loopback: bool) -> signed_post.Response:
    delivery = attempt.delivery
    headers = signed_post.signed_headers(delivery.event_id, delivery.body, secrets, now, replay=delivery.replay)
    return signed_post.post(attempt.endpoint.url, headers, delivery.body.encode(), allow_loopback=allow_loopback)


def _record(attempt: Attempt, response: signed_post.Response) -> AttemptResult:
    delivery, now = attempt.delivery, clock.now()
    outcome = outcome_of(response.status)
    if delivery.replay:
        # A replay is an extra attempt: its success counts, its failure changes neither delivery nor endpoint.
        step = NextStep(DeliveryState.DELIVERED if outcome is Outcome.SUCCESS else DeliveryState(delivery.state))
    else:
        retry_after = parse_retry_after(response.retry_after, now)
        step = next_step(outcome, delivery.attempts, now, retry_after, random.random())
        _record_health(attempt.endpoint, outcome, now)
    if not finish_attempt(delivery, outcome, response.seconds, step):
        observability.logger().warning("attempt outlived its claim", event_id=delivery.event_id)
    _measure(delivery, outcome, step, now)
    return AttemptResult(attempt.endpoint, outcome, step)


def _record_health(endpoint: EndpointItem, outcome: Outcome, now: datetime) -> None:
    """Store since when an endpoint fails; disable it when it answers 410 or has failed for too long."""
    since = clock.parse_stamp(endpoint.failing_since) if endpoint.failing_since else None
    if outcome is Outcome.SUCCESS:
        if since:
            record_health(endpoint, None)
    elif outcome is Outcome.GONE or should_disable(since, now):
        if disable_endpoint(endpoint, "gone" if outcome is Outcome.GONE else "failing"):
            observability.count("WebhookDisabled")
    elif since is None:
        record_health(endpoint, now)


def _measure(delivery: DeliveryItem, outcome: Outcome, step: NextStep, now: datetime) -> None:
    if outcome is Outcome.SUCCESS:
        observability.count("WebhookDelivered")
        observability.record_duration("WebhookAge", (now - clock.parse_stamp(delivery.event_time)).total_seconds())
    else:
        observability.count("WebhookAttemptFailed")
    if step.state is DeliveryState.EXHAUSTED and not delivery.replay:
        observability.count("WebhookExhausted")
    observability.logger().info(
        "webhook",
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        outcome=outcome,
        attempt=delivery.attempts,
        state=step.state,
    )
