"""The clock, time stamps, business days, and ids."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base.ids import new_id
from kernel.time import clock
from tests.support.world import World


def test_stamp_is_utc_with_milliseconds_and_z() -> None:
    shanghai = datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=8)))
    assert clock.stamp(shanghai) == "2026-11-23T02:00:00.123Z"


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, MOMENTS)
def test_stamps_sort_like_their_moments(first: datetime, second: datetime) -> None:
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
def test_business_day_begins_at_midnight_in_shanghai(moment: str, day: date) -> None:
    assert clock.business_date(clock.parse_stamp(moment)) == day


def test_clock_can_be_replaced_and_restored() -> None:
    clock.set_clock(lambda: datetime(2000, 1, 1, tzinfo=UTC))
    try:
        assert clock.stamp() == "2000-01-01T00:00:00.000Z"
        assert clock.epoch(clock.now()) == 946_684_800
    finally:
        clock.set_clock(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_ids_are_unique_have_a_prefix_and_sort_by_time(world: World) -> None:
    made = []
    for _ in range(200):
        made.append(new_id("tkt"))
        world.clock.advance(milliseconds=1)
    assert len(set(made)) == 200
    assert made == sorted(made)
    assert all(name.startswith("tkt_") and len(name) == 30 for name in made)


def test_ids_of_one_moment_are_unique(world: World) -> None:
    world.clock.read = lambda: world.clock.moment  # type: ignore[method-assign]
    clock.set_clock(world.clock.read)
    assert len({new_id("x") for _ in range(500)}) == 500
