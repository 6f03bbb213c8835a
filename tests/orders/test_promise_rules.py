"""Promise dates: examples to check on a wall calendar, and properties for any queue and deliveries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.time.calendar import Calendar
from kernel.time.clock import BUSINESS_ZONE
from kernel.time.holidays import CHINA
from services.orders.promises.rules import (
    AtpDay,
    Promise,
    Slip,
    WaitingPieces,
    available_to_promise,
    later_or_lost_promises,
    promise_dates_of_sku,
)
from services.orders.ship_days import ship_day, ship_day_of_arrival
from services.orders.vocabulary import PiecesOnDay


def at(text: str) -> datetime:
    """Return a time such as `2026-11-23 10:00`, a Monday, on the clock of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=BUSINESS_ZONE).astimezone(UTC)


MONDAY = at("2026-11-23 10:00")

days = st.integers(-3, 20).map(lambda later: (date(2026, 11, 23) + timedelta(days=later)).isoformat())
dated = st.lists(st.builds(PiecesOnDay, days, st.integers(1, 50)), max_size=6)
waiting = st.lists(st.integers(1, 50), max_size=6).map(
    lambda sizes: [WaitingPieces(f"D{number}-1", pieces) for number, pieces in enumerate(sizes)]
)
moments = st.integers(0, 7 * 24).map(lambda hours: MONDAY + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("ready", "day"),
    [
        ("2026-11-23 00:01", "2026-11-23"),
        ("2026-11-23 13:51", "2026-11-23"),  # after the hour at which orders once had to wait
        ("2026-11-23 16:59", "2026-11-23"),
        ("2026-11-23 17:00", "2026-11-24"),
        ("2026-11-27 17:00", "2026-11-30"),  # a Friday evening
        ("2026-11-28 10:00", "2026-11-30"),  # a Saturday
        ("2026-11-29 18:00", "2026-11-30"),  # a Sunday evening
        ("2026-09-30 18:00", "2026-10-08"),  # before National Day
        ("2026-10-10 10:00", "2026-10-10"),  # a Saturday worked in exchange
    ],
)
def test_reserved_pieces_ship_the_same_working_day_until_cut_off(ready: str, day: str) -> None:
    assert ship_day(at(ready), CHINA) == day


@pytest.mark.parametrize(
    ("expected", "day"),
    [
        ("2026-11-25", "2026-11-26"),
        ("2026-11-27", "2026-11-30"),  # a Friday
        ("2026-11-23", "2026-11-24"),  # today
        ("2026-11-02", "2026-11-24"),  # overdue
        ("2026-12-31", "2027-01-04"),  # New Year
        ("2027-02-05", "2027-02-12"),  # Spring Festival, expected
    ],
)
def test_expected_pieces_ship_on_the_working_day_after_arrival(expected: str, day: str) -> None:
    assert ship_day_of_arrival(expected, MONDAY, CHINA) == day


def test_each_backorder_gets_a_promise_date() -> None:
    queue = [WaitingPieces("D1-1", 10), WaitingPieces("D2-1", 20), WaitingPieces("D3-1", 5), WaitingPieces("D4-1", 1)]
    promised = promise_dates_of_sku(
        queue, 12, [PiecesOnDay("2026-12-02", 10), PiecesOnDay("2026-11-25", 13)], MONDAY, CHINA
    )
    assert promised == [
        Promise("D1-1", 10, (PiecesOnDay("2026-11-23", 10),)),
        Promise(
            "D2-1", 20, (PiecesOnDay("2026-11-23", 2), PiecesOnDay("2026-11-26", 13), PiecesOnDay("2026-12-03", 5))
        ),
        Promise("D3-1", 5, (PiecesOnDay("2026-12-03", 5),)),
        Promise("D4-1", 1, ()),
    ]
    assert [promise.day for promise in promised] == ["2026-11-23", "2026-12-03", "2026-12-03", None]


def test_backorder_gets_no_date_when_only_a_part_is_expected() -> None:
    (promised,) = promise_dates_of_sku([WaitingPieces("D1-1", 10)], 0, [PiecesOnDay("2026-11-25", 9)], MONDAY, CHINA)
    assert promised.day is None
    assert promised.parts == (PiecesOnDay("2026-11-26", 9),)


def test_deliveries_of_one_ship_day_are_one_part() -> None:
    (promised,) = promise_dates_of_sku(
        [WaitingPieces("D1-1", 10)], -2, [PiecesOnDay("2026-11-27", 4), PiecesOnDay("2026-11-28", 6)], MONDAY, CHINA
    )
    # The two missing pieces of earlier reservations take from the first delivery.
    assert promised.parts == (PiecesOnDay("2026-11-30", 8),)


@given(waiting, st.integers(0, 60), dated, moments)
def test_piece_is_promised_once_after_arrival_on_a_working_day(
    queue: list[WaitingPieces], available: int, inbound: list[PiecesOnDay], now: datetime
) -> None:
    promised = promise_dates_of_sku(queue, available, inbound, now, CHINA)
    parts = [part for promise in promised for part in promise.parts]
    assert [(promise.order_id, promise.pieces) for promise in promised] == queue
    assert [part.day for part in parts] == sorted(part.day for part in parts)
    assert all(CHINA.is_workday(date.fromisoformat(part.day)) and part.day >= ship_day(now, CHINA) for part in parts)
    for part in parts:
        there = available + sum(pieces for day, pieces in inbound if day < part.day)
        assert sum(other.pieces for other in parts if other.day <= part.day) <= there
    supply = available + sum(pieces for _, pieces in inbound)
    assert sum(part.pieces for part in parts) == min(supply, sum(pieces for _, pieces in queue))


@given(waiting, st.integers(0, 60), dated, moments)
def test_later_order_changes_no_promise(
    queue: list[WaitingPieces], available: int, inbound: list[PiecesOnDay], now: datetime
) -> None:
    promised = promise_dates_of_sku(queue, available, inbound, now, CHINA)
    assert (
        promise_dates_of_sku([*queue, WaitingPieces("D9-1", 7)], available, inbound, now, CHINA)[: len(queue)]
        == promised
    )


# --- available to promise --------------------------------------------------------------------------------------------


def test_later_shortage_is_taken_from_earlier_surplus() -> None:
    inbound = [PiecesOnDay("2026-11-24", 10), PiecesOnDay("2026-11-30", 40)]
    demand = [PiecesOnDay("2026-11-23", 5), PiecesOnDay("2026-11-27", 22)]
    assert available_to_promise(20, inbound, demand, MONDAY, CHINA) == [
        AtpDay("2026-11-23", 3, 3),  # 15 are left over, but 12 of them are missing on the 27th
        AtpDay("2026-11-25", 0, 3),
        AtpDay("2026-11-27", 0, 3),
        AtpDay("2026-12-01", 40, 43),
    ]


def test_backordered_demand_is_taken_from_the_next_delivery() -> None:
    assert available_to_promise(0, [PiecesOnDay("2026-11-24", 10)], [PiecesOnDay("2026-11-20", 4)], MONDAY, CHINA) == [
        AtpDay("2026-11-23", 0, 0),
        AtpDay("2026-11-25", 6, 6),
    ]


def test_available_to_promise_has_only_today_without_deliveries() -> None:
    assert available_to_promise(7, [], [], MONDAY, Calendar()) == [AtpDay("2026-11-23", 7, 7)]
    assert available_to_promise(7, [], [PiecesOnDay("2026-11-23", 9)], MONDAY, Calendar()) == [
        AtpDay("2026-11-23", 0, 0)
    ]


@given(st.integers(0, 60), dated, dated, moments)
def test_available_to_promise_keeps_every_earlier_demand_covered(
    available: int, inbound: list[PiecesOnDay], demand: list[PiecesOnDay], now: datetime
) -> None:
    """Taking all pieces of a day leaves no day below zero."""
    days_ = available_to_promise(available, inbound, demand, now, CHINA)
    assert all(one_day.pieces >= 0 for one_day in days_)
    assert [one_day.cumulative for one_day in days_] == [
        sum(one_day.pieces for one_day in days_[:number]) for number in range(1, len(days_) + 1)
    ]
    for one_day in days_:
        after = available_to_promise(
            available, inbound, [*demand, PiecesOnDay(one_day.day, one_day.cumulative)], now, CHINA
        )
        left = {later.day: later.cumulative for later in after}
        assert left[one_day.day] == 0
        for later in days_:
            if later.day > one_day.day:
                assert left[later.day] == later.cumulative - one_day.cumulative


@given(waiting, st.integers(0, 60), dated, moments, st.data())
def test_order_within_available_to_promise_gets_that_day(
    queue: list[WaitingPieces], available: int, inbound: list[PiecesOnDay], now: datetime, data: st.DataObject
) -> None:
    at_once = [PiecesOnDay("2026-11-23", pieces) for _, pieces in queue]
    one_day = data.draw(st.sampled_from(available_to_promise(available, inbound, at_once, now, CHINA)))
    if one_day.cumulative:
        new = [*queue, WaitingPieces("D9-1", one_day.cumulative)]
        day = promise_dates_of_sku(new, available, inbound, now, CHINA)[-1].day
        assert day is not None and day <= one_day.day
        one_more = [*queue, WaitingPieces("D9-1", one_day.cumulative + 1)]
        later = promise_dates_of_sku(one_more, available, inbound, now, CHINA)[-1].day
        assert later is None or later > one_day.day


# --- slips -----------------------------------------------------------------------------------------------------------


def test_slips_are_later_and_lost_days_only() -> None:
    old = {"later": "2026-11-24", "lost": "2026-11-24", "same": "2026-11-24", "earlier": "2026-11-24"}
    old_and_none: dict[str, str | None] = {**old, "gone": "2026-11-24", "none": None, "named": None}
    new: dict[str, str | None] = {
        "later": "2026-11-25",
        "lost": None,
        "same": "2026-11-24",
        "earlier": "2026-11-23",
        "none": None,
        "named": "2026-12-01",
        "new": "2026-12-01",
    }
    assert later_or_lost_promises(old_and_none, new) == [
        Slip("later", "2026-11-24", "2026-11-25"),
        Slip("lost", "2026-11-24", None),
    ]
