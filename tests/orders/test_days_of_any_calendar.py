"""Days and moments that orders and tickets promise, for random holidays and working weekends."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.grades import Grade
from kernel.time.calendar import Calendar
from kernel.time.clock import business_date
from services.orders.promises.rules import WaitingPieces, available_to_promise, promise_dates_of_sku
from services.orders.service_terms import (
    EXPIRY_WARNING,
    reservation_end,
    reservation_warning_time,
    urgent_review_deadline,
)
from services.orders.ship_days import expected_ship_day, ship_day, ship_day_of_arrival
from services.orders.vocabulary import PiecesOnDay, State
from services.tickets.service_clock import compute_service_clock
from services.tickets.vocabulary import State as TicketState
from tests.kernel.test_calendar import calendars, is_working_moment, moments

later_days = st.integers(0, 60).map(lambda later: (date(2026, 1, 6) + timedelta(days=later)).isoformat())
inbound = st.lists(st.builds(PiecesOnDay, later_days, st.integers(1, 9)), max_size=4)


@given(calendars, moments, later_days, inbound, st.booleans())
def test_promised_day_is_a_working_day_of_any_calendar(
    calendar: Calendar, now: datetime, expected: str, supply: list[PiecesOnDay], approved: bool
) -> None:
    first = ship_day(now, calendar)
    days = {first, ship_day_of_arrival(expected, now, calendar)}
    days.add(expected_ship_day(first, approved, now, calendar))
    days |= {part.day for part in available_to_promise(3, supply, [], now, calendar)}
    queue = [WaitingPieces("D1-1", 5), WaitingPieces("D2-1", 9)]
    days |= {part.day for promise in promise_dates_of_sku(queue, 3, supply, now, calendar) for part in promise.parts}
    assert [day for day in sorted(days) if not calendar.is_workday(date.fromisoformat(day))] == []


@given(calendars, moments, st.sampled_from([State.IN_REVIEW, State.CONFIRMED]), st.sampled_from(Grade))
def test_reservation_ends_and_warns_in_working_time_of_any_calendar(
    calendar: Calendar, since: datetime, stage: State, grade: Grade
) -> None:
    end = reservation_end(stage, grade, since, calendar)
    assert end is not None
    warned = reservation_warning_time(end, calendar)
    assert since <= end and is_working_moment(calendar, end) and is_working_moment(calendar, warned)
    assert calendar.working_time(since, end) >= EXPIRY_WARNING, "there is working time to act"
    assert warned >= since or calendar.working_time(warned, since) == timedelta(), "not before it was made"
    assert calendar.working_time(warned, end) == EXPIRY_WARNING


@given(calendars, moments, st.booleans())
def test_due_day_is_a_working_day_of_any_calendar(calendar: Calendar, now: datetime, urgent: bool) -> None:
    ticket = compute_service_clock([(now, TicketState.REGISTERED)], urgent=urgent, now=now, calendar=calendar)
    for due in (ticket.due_at, urgent_review_deadline(now, calendar)):
        assert due is not None and due >= now and calendar.is_workday(business_date(due))
