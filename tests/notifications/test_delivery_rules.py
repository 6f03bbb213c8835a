"""Tests of the webhook rules: retry schedule, outcomes, `Retry-After`, subscriptions and disabling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.notifications import WebhookTested
from kernel.messaging.events import envelope
from services.notifications.deliveries.rules import (
    MAX_RETRY_AFTER,
    RETRY_SECONDS,
    DeliveryState,
    Outcome,
    next_step,
    outcome_of,
    parse_retry_after,
)
from services.notifications.webhooks.rules import receives, should_disable
from tests.notifications.fixtures import hold_released

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_delivery_has_ten_attempts_over_three_days() -> None:
    waits = [next_step(Outcome.FAULT, attempt, NOW, None, 0.0).due for attempt in range(1, 10)]
    seconds = [(due - NOW).total_seconds() for due in waits if due]
    assert seconds == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert next_step(Outcome.FAULT, 10, NOW, None, 0.0).state is DeliveryState.EXHAUSTED


@given(attempt=st.integers(1, 9), jitter=st.floats(0, 1), requested=st.none() | st.integers(0, 10**6))
def test_next_attempt_waits_for_schedule_and_retry_after(attempt: int, jitter: float, requested: int | None) -> None:
    retry_after = None if requested is None else timedelta(seconds=requested)
    step = next_step(Outcome.FAULT, attempt, NOW, retry_after, jitter)
    wait = timedelta(seconds=RETRY_SECONDS[attempt - 1])
    assert step.state is DeliveryState.PENDING and step.due
    assert step.due - NOW >= wait
    assert step.due - NOW >= min(retry_after or timedelta(), MAX_RETRY_AFTER)
    assert step.due - NOW <= max(wait * 1.11, MAX_RETRY_AFTER)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SUCCESS),
        (204, Outcome.SUCCESS),
        (299, Outcome.SUCCESS),
        (301, Outcome.REDIRECT),
        (308, Outcome.REDIRECT),
        (400, Outcome.REFUSED),
        (410, Outcome.GONE),
        (429, Outcome.REFUSED),
        (500, Outcome.FAULT),
        (103, Outcome.NO_ANSWER),
        (999, Outcome.NO_ANSWER),
        (None, Outcome.NO_ANSWER),
    ],
)
def test_outcome_is_success_only_for_2xx(status: int | None, outcome: Outcome) -> None:
    assert outcome_of(status) is outcome
    assert (next_step(outcome_of(status), 1, NOW, None, 0.5).state is DeliveryState.DELIVERED) == (
        outcome is Outcome.SUCCESS
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("99999999999999999999", 86400),
        ("Mon, 23 Nov 2026 02:10:00 GMT", 600),
        ("Mon, 23 Nov 2026 01:10:00 GMT", None),
        ("-5", None),
        ("soon", None),
        ("Mon, 23 Nov 99999999999999999999 02:10:00 GMT", None),
        ("Mon, 23 Nov 2026 02:10:00 +99999999999999999999", None),
        ("", None),
        ("١٢", None),
        (None, None),
    ],
)
def test_retry_after_is_parsed_as_seconds_or_date(header: str | None, seconds: int | None) -> None:
    wait = parse_retry_after(header, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{1,12} .{0,9}"))
def test_retry_after_parser_accepts_any_text(header: str) -> None:
    wait = parse_retry_after(header, NOW)
    assert wait is None or wait >= timedelta()


def test_endpoint_is_disabled_only_after_five_days_of_failures() -> None:
    assert not should_disable(None, NOW)
    assert not should_disable(NOW - timedelta(days=5), NOW)
    assert should_disable(NOW - timedelta(days=5, seconds=1), NOW)


def test_endpoint_receives_subscribed_types_only() -> None:
    event = envelope(hold_released(1), subject="D0001-000001", sequence=1)
    assert receives("whe_1", ["*"], event)
    assert receives("whe_1", ["order.hold-released.v1"], event)
    assert not receives("whe_1", ["order.hold-released.v2"], event)


def test_test_event_goes_to_its_endpoint_alone() -> None:
    event = envelope(WebhookTested(endpoint_id="whe_1", by="admin"), subject="wht_1", sequence=1)
    assert receives("whe_1", ["order.shipped.v1"], event)
    assert not receives("whe_2", ["*"], event)
