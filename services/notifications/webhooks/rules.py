"""Rules of webhooks: retry schedule, outcomes and states of a delivery."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

_HOUR = 3_600


#: Seconds between one attempt and the next, as Standard Webhooks suggests: ten attempts over three days.
RETRY_SECONDS = (5, 5 * 60, 30 * 60, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)


MAX_ATTEMPTS = len(RETRY_SECONDS) + 1


#: Up to so much of the wait is added at random, so that what failed together does not return together.
JITTER = 0.1


#: An endpoint is not believed when it asks to be left alone for longer.
MAX_RETRY_AFTER = timedelta(hours=24)


#: An endpoint that has answered nothing well for so long is given up.
GIVE_UP_AFTER = timedelta(days=5)


#: A secret that was replaced still signs for so long.
SECRET_OVERLAP = timedelta(hours=24)


MAX_ENDPOINTS = 20


EVERY_TYPE = "*"


class DeliveryState(StrEnum):
    """pending -> delivered | exhausted | disabled."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    DISABLED = "disabled"


class Outcome(StrEnum):
    """What came of an attempt, as coarse as this on purpose: a log must not help anybody to explore a network."""

    STARTED = "started"
    SUCCESS = "2xx"
    REDIRECT = "3xx"
    REFUSED = "4xx"
    GONE = "410"
    FAULT = "5xx"
    NO_ANSWER = "no-answer"


def outcome_of(status: int | None) -> Outcome:
    """What an HTTP status means; None is no answer at all. A redirect is a failure: it is never followed."""
    if status is None:
        return Outcome.NO_ANSWER
    if status == 410:
        return Outcome.GONE
    by_class = {2: Outcome.SUCCESS, 3: Outcome.REDIRECT, 4: Outcome.REFUSED, 5: Outcome.FAULT}
    return by_class.get(status // 100, Outcome.NO_ANSWER)


class NextDelivery(NamedTuple):
    """Where a delivery stands after an attempt, and when the next one is due, if any."""

    state: DeliveryState
    due: datetime | None = None


def next_delivery(
    outcome: Outcome, attempts: int, now: datetime, retry_after: timedelta | None, jitter: float
) -> NextDelivery:
    """What follows from an attempt.

    Args:
        attempts: how many there were, this one included.
        retry_after: how long the endpoint asked us to wait.
        jitter: from 0 to 1.
    """
    if outcome is Outcome.SUCCESS:
        return NextDelivery(DeliveryState.DELIVERED)
    if outcome is Outcome.GONE:
        return NextDelivery(DeliveryState.DISABLED)
    if attempts >= MAX_ATTEMPTS:
        return NextDelivery(DeliveryState.EXHAUSTED)
    wait = timedelta(seconds=RETRY_SECONDS[attempts - 1] * (1 + JITTER * jitter))
    return NextDelivery(DeliveryState.PENDING, now + max(wait, min(retry_after or wait, MAX_RETRY_AFTER)))


def parse_retry_after(header: str | None, now: datetime) -> timedelta | None:
    """How long a `Retry-After` header asks to wait: seconds or a date; None when absent, past or unreadable."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None or moment <= now:
        return None
    return moment - now


def is_subscribed(types: tuple[str, ...], event_type: str) -> bool:
    """Whether an endpoint that asked for these types is told of an event."""
    return EVERY_TYPE in types or event_type in types


def should_disable(failing_since: datetime | None, now: datetime) -> bool:
    """Whether an endpoint has failed for so long that it is disabled."""
    return failing_since is not None and now - failing_since > GIVE_UP_AFTER
