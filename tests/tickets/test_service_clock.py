"""The service clock: examples to check on a calendar, and properties of every history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.time.calendar import Calendar
from kernel.time.holidays import CHINA
from services.tickets.service_clock import ServiceClock, compute_service_clock
from services.tickets.vocabulary import RUNNING, State

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN = Calendar()


def shanghai(text: str) -> datetime:
    """Return the moment of a local time in Shanghai: `2026-11-23 10:00` is a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def working_minutes(text: str, until: str, calendar: Calendar = PLAIN) -> float:
    return calendar.working_time(shanghai(text), shanghai(until)) / timedelta(minutes=1)


def clock_of(*history: tuple[str, State], now: str, urgent: bool = False, calendar: Calendar = PLAIN) -> ServiceClock:
    return compute_service_clock(
        [(shanghai(text), state) for text, state in history], urgent=urgent, now=shanghai(now), calendar=calendar
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23 09:00", "2026-11-23 18:00", 450),  # a whole Monday
        ("2026-11-23 10:00", "2026-11-23 10:30", 30),
        ("2026-11-23 11:50", "2026-11-23 13:40", 20),  # over lunch
        ("2026-11-23 12:00", "2026-11-23 13:30", 0),  # lunch
        ("2026-11-23 17:30", "2026-11-24 09:30", 60),  # over night
        ("2026-11-27 17:00", "2026-11-30 10:00", 120),  # over a weekend
        ("2026-11-28 09:00", "2026-11-29 18:00", 0),  # a weekend
        ("2026-11-23 00:00", "2026-11-30 00:00", 5 * 450),  # a week
        ("2026-11-24 10:00", "2026-11-23 10:00", 0),  # backwards
    ],
)
def test_working_time_counts_only_business_hours(start: str, end: str, expected: int) -> None:
    assert working_minutes(start, end) == expected


def test_working_time_follows_public_holidays_and_exchanged_weekends() -> None:
    assert working_minutes("2026-10-01 00:00", "2026-10-08 00:00", CHINA) == 0  # National Day
    assert working_minutes("2026-10-10 00:00", "2026-10-11 00:00", CHINA) == 450  # the Saturday worked for it
    assert working_minutes("2026-10-10 00:00", "2026-10-11 00:00", PLAIN) == 0
    assert working_minutes("2026-02-14 00:00", "2026-02-25 00:00", CHINA) == 2 * 450  # Spring Festival: 14th and 24th


def test_working_time_follows_given_holidays() -> None:
    monday_off = Calendar(holidays=frozenset({date(2026, 11, 23)}))
    assert working_minutes("2026-11-23 09:00", "2026-11-24 10:00", monday_off) == 60


def test_ticket_is_due_after_three_working_days_and_urgent_after_one() -> None:
    registered = ("2026-11-25 10:00", State.REGISTERED)  # a Wednesday
    assert clock_of(registered, now="2026-11-25 10:00").due_at == shanghai("2026-11-30 10:00")
    assert clock_of(registered, now="2026-11-25 10:00", urgent=True).due_at == shanghai("2026-11-26 10:00")


def test_clock_of_ticket_registered_at_night_starts_in_the_morning() -> None:
    clock = clock_of(("2026-11-22 23:59", State.REGISTERED), now="2026-11-23 09:10", urgent=True)
    assert clock.elapsed_minutes == 10
    assert clock.due_at == shanghai("2026-11-23 18:00")


def test_clock_is_stopped_while_the_dealer_is_asked() -> None:
    asked = [
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 10:00", State.NEED_INFO),
    ]
    stopped = clock_of(*asked, now="2026-11-26 18:00", urgent=True)
    assert (stopped.elapsed_minutes, stopped.due_at) == (60, None)
    answered = clock_of(*asked, ("2026-11-26 09:00", State.REGISTERED), now="2026-11-26 10:00", urgent=True)
    assert (answered.elapsed_minutes, answered.due_at) == (120, shanghai("2026-11-26 17:00"))


def test_finished_ticket_is_due_only_when_it_was_late() -> None:
    in_time = clock_of(
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 17:59", State.COMPLETED),
        now="2026-12-23 09:00",
        urgent=True,
    )
    assert (in_time.elapsed_minutes, in_time.due_at) == (449, None)
    late = clock_of(
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-24 09:30", State.COMPLETED),
        now="2026-12-23 09:00",
        urgent=True,
    )
    assert (late.elapsed_minutes, late.due_at) == (480, shanghai("2026-11-23 18:00"))


def test_ticket_finished_exactly_at_due_time_is_in_time() -> None:
    history = [("2026-11-23 09:00", State.REGISTERED), ("2026-11-23 18:00", State.COMPLETED)]
    clock = clock_of(*history, now="2026-12-23 09:00", urgent=True)
    assert (clock.elapsed, clock.due_at) == (clock.allowed, None)


def test_clock_continues_after_reopening() -> None:
    clock = clock_of(
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 15:30", State.COMPLETED),  # 300 minutes
        ("2026-11-30 09:00", State.REOPENED),
        now="2026-11-30 09:30",
        urgent=True,
    )
    assert (clock.elapsed_minutes, clock.due_at) == (330, shanghai("2026-11-30 11:30"))


def test_first_response_is_the_first_action_of_the_distributor() -> None:
    history = [
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 09:40", State.NEED_INFO),
        ("2026-11-23 11:00", State.REGISTERED),
        ("2026-11-24 09:00", State.ACCEPTED),
    ]
    assert clock_of(history[0], now="2026-11-23 09:30").first_response_at is None
    for length in (2, 3, 4):
        assert clock_of(*history[:length], now="2026-11-25 09:00").first_response_at == shanghai("2026-11-23 09:40")


moments = st.timedeltas(timedelta(0), timedelta(days=364)).map(lambda into: datetime(2026, 1, 1, tzinfo=UTC) + into)
calendars = st.sampled_from([PLAIN, CHINA])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[datetime, State]]:
    start = draw(moments)
    gaps = draw(st.lists(st.timedeltas(timedelta(0), timedelta(days=4)), max_size=6))
    states = [State.REGISTERED, *(draw(st.sampled_from(list(State))) for _ in gaps)]
    times = [start]
    for gap in gaps:
        times.append(times[-1] + gap)
    return list(zip(times, states, strict=True))


@given(moments, moments, moments, calendars)
def test_working_times_of_adjacent_periods_add_up(a: datetime, b: datetime, c: datetime, calendar: Calendar) -> None:
    first, second, third = sorted([a, b, c])
    whole = calendar.working_time(first, third)
    assert calendar.working_time(first, second) + calendar.working_time(second, third) == whole
    assert timedelta(0) <= whole <= third - first


@given(moments, st.timedeltas(timedelta(seconds=1), timedelta(days=10)), calendars)
def test_moment_after_a_working_time_is_the_earliest_possible(
    start: datetime, duration: timedelta, calendar: Calendar
) -> None:
    moment = calendar.add_working_time(start, duration)
    assert calendar.working_time(start, moment) == duration
    assert calendar.working_time(start, moment - timedelta(seconds=1)) < duration


@given(moments, moments, st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo"]))
def test_working_time_is_independent_of_time_zone(a: datetime, b: datetime, zone: str) -> None:
    other_zone = ZoneInfo(zone)
    assert PLAIN.working_time(a, b) == PLAIN.working_time(a.astimezone(other_zone), b.astimezone(other_zone))


@given(histories(), st.timedeltas(timedelta(0), timedelta(days=5)), st.booleans(), calendars)
def test_elapsed_is_working_time_without_stopped_time(
    history: list[tuple[datetime, State]], later: timedelta, urgent: bool, calendar: Calendar
) -> None:
    now = history[-1][0] + later
    ends = [moment for moment, _ in history[1:]] + [now]
    paused = sum(
        (
            calendar.working_time(start, end)
            for (start, state), end in zip(history, ends, strict=True)
            if state not in RUNNING
        ),
        timedelta(0),
    )
    clock = compute_service_clock(history, urgent=urgent, now=now, calendar=calendar)
    assert clock.elapsed == calendar.working_time(history[0][0], now) - paused


@given(histories(), st.timedeltas(timedelta(0), timedelta(days=5)), st.booleans(), calendars)
def test_due_time_is_independent_of_now_and_missed_when_used_up(
    history: list[tuple[datetime, State]], later: timedelta, urgent: bool, calendar: Calendar
) -> None:
    last = history[-1][0]
    now = last + later
    clock = compute_service_clock(history, urgent=urgent, now=now, calendar=calendar)
    assert clock.due_at == compute_service_clock(history, urgent=urgent, now=last, calendar=calendar).due_at
    if clock.due_at and clock.due_at <= now:
        assert clock.elapsed >= clock.allowed
    else:
        assert clock.elapsed <= clock.allowed


@given(histories(), st.sampled_from(list(State)), st.booleans())
def test_missed_due_time_never_changes(history: list[tuple[datetime, State]], following: State, urgent: bool) -> None:
    now = history[-1][0]
    before = compute_service_clock(history, urgent=urgent, now=now, calendar=PLAIN)
    if before.due_at and before.due_at < now:
        after = compute_service_clock([*history, (now, following)], urgent=urgent, now=now, calendar=PLAIN)
        assert after.due_at == before.due_at


@given(histories(), st.integers(0, 6), st.booleans())
def test_event_without_state_change_keeps_the_clock(
    history: list[tuple[datetime, State]], position: int, urgent: bool
) -> None:
    now = history[-1][0] + timedelta(days=1)
    position %= len(history)
    moment, state = history[position]
    end = history[position + 1][0] if position + 1 < len(history) else now
    with_extra = [*history[: position + 1], (moment + (end - moment) / 2, state), *history[position + 1 :]]
    plain, with_event = (
        compute_service_clock(states, urgent=urgent, now=now, calendar=PLAIN) for states in (history, with_extra)
    )
    assert (plain.elapsed, plain.due_at) == (with_event.elapsed, with_event.due_at)
