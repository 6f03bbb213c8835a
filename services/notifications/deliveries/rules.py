"""Rules of webhook deliveries: retry schedule, outcomes and states."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

_HOUR = 3_600

#: Seconds between one attempt and the next, as Standard Webhooks suggests: ten attempts over three days.
RETRY_SECONDS = (5, 5 * 60, 30 * 60, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)

MAX_ATTEMPTS = len(RETRY_SECONDS) + 1

#: Share of the wait that is added at random at most, so that deliveries that failed together are not retried together.
JITTER = 0.1

#: A longer wait that an endpoint asks for is cut to this.
MAX_RETRY_AFTER = timedelta(hours=24)


class DeliveryState(StrEnum):
    """State of a delivery: pending -> delivered | exhausted | disabled."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    DISABLED = "disabled"


class Outcome(StrEnum):
    """Outcome of an attempt. The log shows no more detail, so that it does not help to explore a network."""

    STARTED = "started"
    SUCCESS = "2xx"
    REDIRECT = "3xx"
    REFUSED = "4xx"
    GONE = "410"
    FAULT = "5xx"
    NO_ANSWER = "no-answer"


def outcome_of(status: int | None) -> Outcome:
    """Return the outcome for an HTTP status; None means no answer. A redirect is a failure: it is never followed."""
    if status is None:
        return Outcome.NO_ANSWER
    if status == 410:
        return Outcome.GONE
    by_class = {2: Outcome.SUCCESS, 3: Outcome.REDIRECT, 4: Outcome.REFUSED, 5: Outcome.FAULT}
    return by_class.get(status // 100, Outcome.NO_ANSWER)


class NextStep(NamedTuple):
    """State of a delivery after an attempt, and the time at which its next attempt is due, if any."""

    state: DeliveryState
    due: datetime | None = None


def next_step(outcome: Outcome, attempts: int, now: datetime, retry_after: timedelta | None, jitter: float) -> NextStep:
    """Return the next step of a delivery after an attempt.

    Args:
        attempts: number of attempts made, this one included.
        retry_after: wait that the endpoint asked for.
        jitter: random number from 0 to 1.
    """
    if outcome is Outcome.SUCCESS:
        return NextStep(DeliveryState.DELIVERED)
    if outcome is Outcome.GONE:
        return NextStep(DeliveryState.DISABLED)
    if attempts >= MAX_ATTEMPTS:
        return NextStep(DeliveryState.EXHAUSTED)
    wait = timedelta(seconds=RETRY_SECONDS[attempts - 1] * (1 + JITTER * jitter))
    return NextStep(DeliveryState.PENDING, now + max(wait, min(retry_after or wait, MAX_RETRY_AFTER)))


def parse_retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Return the wait of a `Retry-After` header, in seconds or as a date; None if absent, past or not readable."""
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
