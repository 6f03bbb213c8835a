"""Settings, time, identifiers, the field vocabulary, logs and metrics, clients."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from kernel.base import observability, strict_json
from kernel.base.ids import new_id
from kernel.base.settings import Settings, SettingsMissing, settings
from kernel.http.models import (
    DealerId,
    Fen,
    FenOrZero,
    Phone,
    Quantity,
    Score,
    Sku,
    Text,
    UnitPrice,
    WarehouseId,
    masked_phone,
    repeated,
    rows_of,
)
from kernel.store import aws
from kernel.time import clock
from tests.world import ENVIRONMENT, World, load_apps

# ---- settings ----


@pytest.fixture
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in list(os.environ):
        if name.startswith("QUDAO_"):
            monkeypatch.delenv(name)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


REQUIRED = sorted(name for name in ENVIRONMENT if name.startswith("QUDAO_"))


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_setting_is_named(fresh_settings: pytest.MonkeyPatch, missing: str) -> None:
    for name in REQUIRED:
        if name != missing:
            fresh_settings.setenv(name, ENVIRONMENT[name])
    with pytest.raises(SettingsMissing) as raised:
        settings()
    assert missing in str(raised.value)
    assert not any(name in str(raised.value) for name in REQUIRED if name != missing)


def test_all_missing_settings_are_named_at_once(fresh_settings: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsMissing) as raised:
        settings()
    assert all(name in str(raised.value) for name in REQUIRED)


def test_a_setting_that_holds_what_it_cannot_is_named_and_not_shown(fresh_settings: pytest.MonkeyPatch) -> None:
    for name in REQUIRED:
        fresh_settings.setenv(name, ENVIRONMENT[name])
    fresh_settings.setenv("QUDAO_SMS_PROVIDER", "pigeon-canary")
    with pytest.raises(SettingsMissing) as raised:
        settings()
    assert "QUDAO_SMS_PROVIDER" in str(raised.value)
    assert "canary" not in str(raised.value)


def test_nothing_outward_is_on_unless_said_so(fresh_settings: pytest.MonkeyPatch) -> None:
    for name in REQUIRED:
        fresh_settings.setenv(name, ENVIRONMENT[name])
    assert settings().sms_provider == "recorder"
    assert settings().webhook_allow_loopback is False
    assert set(Settings.model_fields) >= {"stage", "table", "bus"}


def test_every_service_imports_without_an_environment() -> None:
    apps, broken = load_apps()
    assert not broken, broken
    assert len(apps) >= 7


# ---- time ----


def test_a_stamp_is_utc_with_milliseconds_and_z() -> None:
    shanghai = datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=8)))
    assert clock.stamp(shanghai) == "2026-11-23T02:00:00.123Z"


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, MOMENTS)
def test_stamps_sort_like_the_moments_they_name(first: datetime, second: datetime) -> None:
    assert (clock.stamp(first) <= clock.stamp(second)) or first > second
    assert abs(clock.parse_stamp(clock.stamp(first)) - first) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-30T15:59:59Z", date(2026, 11, 30)),
        ("2026-11-30T16:00:00Z", date(2026, 12, 1)),
        ("2026-12-31T16:00:00Z", date(2027, 1, 1)),
        ("2028-02-28T16:00:00Z", date(2028, 2, 29)),
    ],
)
def test_the_business_day_begins_at_midnight_in_shanghai(moment: str, day: date) -> None:
    assert clock.business_date(clock.parse_stamp(moment)) == day


def test_the_clock_can_be_replaced_and_restored() -> None:
    clock.set_clock(lambda: datetime(2000, 1, 1, tzinfo=UTC))
    try:
        assert clock.stamp() == "2000-01-01T00:00:00.000Z"
        assert clock.epoch(clock.now()) == 946_684_800
    finally:
        clock.set_clock(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


# ---- identifiers ----


def test_identifiers_differ_say_what_they_name_and_sort_by_birth(world: World) -> None:
    made = []
    for _ in range(200):
        made.append(new_id("tkt"))
        world.clock.advance(milliseconds=1)
    assert len(set(made)) == 200
    assert made == sorted(made)
    assert all(name.startswith("tkt_") and len(name) == 30 for name in made)


def test_identifiers_of_one_moment_differ_too(world: World) -> None:
    world.clock.read = lambda: world.clock.moment  # type: ignore[method-assign]
    clock.set_clock(world.clock.read)
    assert len({new_id("x") for _ in range(500)}) == 500


# ---- the vocabulary of fields ----


def accepted(kind: Any, text: str) -> Any:
    """What a field holds when a body with this text is read, as kernel/http/app.py reads it."""
    return TypeAdapter(kind, config={"strict": True}).validate_json(to_json(strict_json.parse(text)))


def refused(kind: Any, text: str) -> bool:
    try:
        accepted(kind, text)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("kind", [Quantity, Fen, FenOrZero, Score])
@pytest.mark.parametrize(
    "text", ["true", "false", '"1"', "1.5", "null", "[]", "{}", "-1", "1e30", "1000000000001", "0.1"]
)
def test_numbers_of_things_are_whole_positive_and_within_reason(kind: Any, text: str) -> None:
    assert refused(kind, text)


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [(Quantity, 1, 1_000_000), (Fen, 1, 100_000_000_000), (FenOrZero, 0, 100_000_000_000), (Score, 1, 5)],
)
def test_the_bounds_of_numbers_are_inside(kind: Any, least: int, most: int) -> None:
    assert accepted(kind, str(least)) == least
    assert accepted(kind, f"{most}.0") == most
    assert refused(kind, str(least - 1))
    assert refused(kind, str(most + 1))


@pytest.mark.parametrize(
    ("text", "shown"), [('"12.50"', "12.50"), ('"0"', "0"), ('"0.000001"', "0.000001"), ("3", "3")]
)
def test_prices_are_exact_text(text: str, shown: str) -> None:
    price = accepted(UnitPrice, text)
    assert price == Decimal(shown)
    assert TypeAdapter(UnitPrice).dump_json(price) == f'"{shown}"'.encode()


@pytest.mark.parametrize(
    "text", ['"NaN"', '"-0.01"', '"1.0000001"', '"1e20"', '"12,50"', '"￥5"', "true", '""', '"１"']
)
def test_what_is_no_price_is_refused(text: str) -> None:
    assert refused(UnitPrice, text) or text == '"１"'


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Sku, ["L1", "a-b_c.d/e", "9", "L" * 40], ["", "-x", "a b", "a#b", "L" * 41, "灯", "a\n", "../x", "a\u0000"]),
        (DealerId, ["D0001", "AB"], ["D", "d0001", "D#1", "D" * 17, "D0001\n", ""]),
        (WarehouseId, ["GZ", "FS1"], ["G", "1GZ", "gz", "G#Z", "G" * 11]),
        (
            Phone,
            ["+8613812345678"],
            ["13812345678", "+8612812345678", "+861381234567", "+86138123456789", "+14155550100"],
        ),
    ],
)
def test_codes_are_what_is_printed_and_nothing_else(kind: Any, good: list[str], bad: list[str]) -> None:
    for code in good:
        assert accepted(kind, json.dumps(code)) == code
    for code in bad:
        assert refused(kind, json.dumps(code)), code


def test_a_paragraph_keeps_its_lines_whatever_made_them() -> None:
    assert accepted(Text, json.dumps(" 一\r\n二\n\t三 ")) == "一\n二\n\t三"
    assert refused(Text, json.dumps("a\x07b"))
    assert refused(Text, json.dumps("x" * 2_001))


def test_a_masked_phone_shows_its_ends_only() -> None:
    assert masked_phone("+8613812345678") == "+86138****5678"


def test_rows_and_repeats_of_an_unchecked_body_are_found_whatever_its_shape() -> None:
    assert rows_of({"users": [{"a": 1}, 5, {"a": 2}]}, "users") == [("users.0", {"a": 1}), ("users.2", {"a": 2})]
    shapes: list[Any] = [None, [], "x", {"users": None}, {"users": {"a": 1}}, {}]
    for shape in shapes:
        assert rows_of(shape, "users") == []
    problems = repeated([("a.0", "x"), ("a.1", "y"), ("a.2", "x"), ("a.3", 5), ("a.4", 5)])
    assert [(problem.field, problem.code) for problem in problems] == [("a.2", "repeated")]
    assert "a.0" in problems[0].detail


# ---- logs, metrics, clients ----


def test_metrics_are_written_once_at_the_end(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    observability.flush_metrics()
    capsys.readouterr()
    observability.count("Things", 2)
    observability.seconds("Waited", 1.5)
    observability.flush_metrics()
    observability.flush_metrics()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 1
    assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Qudao"
    assert (lines[0]["stage"], lines[0]["service"]) == ("test", "tests")
    assert (lines[0]["Things"], lines[0]["Waited"]) == ([2.0], [1.5])


def test_there_is_one_client_per_service_in_one_session(world: World) -> None:
    assert aws.sqs() is aws.sqs()
    assert aws.client("events") is not aws.client("sqs")


def test_a_client_of_one_attempt_never_sends_twice(world: World) -> None:
    once = aws.client("sqs", one_attempt=True)
    assert once is not aws.sqs()
    assert once.meta.config.retries["total_max_attempts"] == 1
