"""The service clock: examples anyone can check on a wall calendar, and what holds for every history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.time.calendar import Calendar
from kernel.time.holidays import CHINA
from services.tickets.service_clock import ServiceClock, read_clock
from services.tickets.vocabulary import RUNNING, State

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN = Calendar()


def at(text: str) -> datetime:
    """`2026-11-23 10:00`, a Monday, on the clock of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def minutes(text: str, until: str, calendar: Calendar = PLAIN) -> float:
    return calendar.worked(at(text), at(until)) / timedelta(minutes=1)


def clock_of(*history: tuple[str, State], now: str, urgent: bool = False, calendar: Calendar = PLAIN) -> ServiceClock:
    return read_clock([(at(text), state) for text, state in history], urgent=urgent, now=at(now), calendar=calendar)


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
def test_only_business_hours_count(start: str, end: str, expected: int) -> None:
    assert minutes(start, end) == expected


def test_public_holidays_do_not_count_and_weekend_days_worked_instead_do() -> None:
    assert minutes("2026-10-01 00:00", "2026-10-08 00:00", CHINA) == 0  # National Day
    assert minutes("2026-10-10 00:00", "2026-10-11 00:00", CHINA) == 450  # the Saturday worked for it
    assert minutes("2026-10-10 00:00", "2026-10-11 00:00", PLAIN) == 0
    assert minutes("2026-02-14 00:00", "2026-02-25 00:00", CHINA) == 2 * 450  # Spring Festival: 14th and 24th


def test_a_list_of_holidays_can_be_handed_in() -> None:
    monday_off = Calendar(holidays=frozenset({date(2026, 11, 23)}))
    assert minutes("2026-11-23 09:00", "2026-11-24 10:00", monday_off) == 60


def test_a_normal_ticket_is_due_after_three_working_days_and_an_urgent_one_after_one() -> None:
    registered = ("2026-11-25 10:00", State.REGISTERED)  # a Wednesday
    assert clock_of(registered, now="2026-11-25 10:00").due_at == at("2026-11-30 10:00")
    assert clock_of(registered, now="2026-11-25 10:00", urgent=True).due_at == at("2026-11-26 10:00")


def test_a_ticket_registered_at_night_counts_from_the_morning() -> None:
    clock = clock_of(("2026-11-22 23:59", State.REGISTERED), now="2026-11-23 09:10", urgent=True)
    assert clock.elapsed_minutes == 10
    assert clock.due_at == at("2026-11-23 18:00")


def test_the_clock_stands_while_the_dealer_is_asked() -> None:
    asked = [
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 10:00", State.NEED_INFO),
    ]
    standing = clock_of(*asked, now="2026-11-26 18:00", urgent=True)
    assert (standing.elapsed_minutes, standing.due_at) == (60, None)
    answered = clock_of(*asked, ("2026-11-26 09:00", State.REGISTERED), now="2026-11-26 10:00", urgent=True)
    assert (answered.elapsed_minutes, answered.due_at) == (120, at("2026-11-26 17:00"))


def test_a_finished_ticket_is_not_due_unless_it_was_late() -> None:
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
    assert (late.elapsed_minutes, late.due_at) == (480, at("2026-11-23 18:00"))


def test_a_ticket_finished_at_the_very_moment_is_in_time() -> None:
    history = [("2026-11-23 09:00", State.REGISTERED), ("2026-11-23 18:00", State.COMPLETED)]
    clock = clock_of(*history, now="2026-12-23 09:00", urgent=True)
    assert (clock.elapsed, clock.due_at) == (clock.allowed, None)


def test_after_reopening_the_clock_goes_on_where_it_stood() -> None:
    clock = clock_of(
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 15:30", State.COMPLETED),  # 300 minutes
        ("2026-11-30 09:00", State.REOPENED),
        now="2026-11-30 09:30",
        urgent=True,
    )
    assert (clock.elapsed_minutes, clock.due_at) == (330, at("2026-11-30 11:30"))


def test_the_first_response_is_the_first_thing_the_house_did_and_stays_so() -> None:
    history = [
        ("2026-11-23 09:00", State.REGISTERED),
        ("2026-11-23 09:40", State.NEED_INFO),
        ("2026-11-23 11:00", State.REGISTERED),
        ("2026-11-24 09:00", State.ACCEPTED),
    ]
    assert clock_of(history[0], now="2026-11-23 09:30").first_response_at is None
    for length in (2, 3, 4):
        assert clock_of(*history[:length], now="2026-11-25 09:00").first_response_at == at("2026-11-23 09:40")


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
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime, calendar: Calendar) -> None:
    first, second, third = sorted([a, b, c])
    whole = calendar.worked(first, third)
    assert calendar.worked(first, second) + calendar.worked(second, third) == whole
    assert timedelta(0) <= whole <= third - first


@given(moments, st.timedeltas(timedelta(seconds=1), timedelta(days=10)), calendars)
def test_the_moment_after_a_working_time_is_the_first_at_which_it_has_passed(
    start: datetime, duration: timedelta, calendar: Calendar
) -> None:
    moment = calendar.after(start, duration)
    assert calendar.worked(start, moment) == duration
    assert calendar.worked(start, moment - timedelta(seconds=1)) < duration


@given(moments, moments, st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo"]))
def test_the_zone_a_moment_is_written_in_does_not_matter(a: datetime, b: datetime, zone: str) -> None:
    elsewhere = ZoneInfo(zone)
    assert PLAIN.worked(a, b) == PLAIN.worked(a.astimezone(elsewhere), b.astimezone(elsewhere))


@given(histories(), st.timedeltas(timedelta(0), timedelta(days=5)), st.booleans(), calendars)
def test_the_clock_shows_working_time_less_pauses(
    history: list[tuple[datetime, State]], later: timedelta, urgent: bool, calendar: Calendar
) -> None:
    now = history[-1][0] + later
    ends = [moment for moment, _ in history[1:]] + [now]
    paused = sum(
        (
            calendar.worked(start, end)
            for (start, state), end in zip(history, ends, strict=True)
            if state not in RUNNING
        ),
        timedelta(0),
    )
    clock = read_clock(history, urgent=urgent, now=now, calendar=calendar)
    assert clock.elapsed == calendar.worked(history[0][0], now) - paused


@given(histories(), st.timedeltas(timedelta(0), timedelta(days=5)), st.booleans(), calendars)
def test_what_is_due_does_not_depend_on_when_one_looks_and_is_missed_when_the_time_is_used_up(
    history: list[tuple[datetime, State]], later: timedelta, urgent: bool, calendar: Calendar
) -> None:
    last = history[-1][0]
    now = last + later
    clock = read_clock(history, urgent=urgent, now=now, calendar=calendar)
    assert clock.due_at == read_clock(history, urgent=urgent, now=last, calendar=calendar).due_at
    if clock.due_at and clock.due_at <= now:
        assert clock.elapsed >= clock.allowed
    else:
        assert clock.elapsed <= clock.allowed


@given(histories(), st.sampled_from(list(State)), st.booleans())
def test_a_missed_moment_stays_missed_whatever_follows(
    history: list[tuple[datetime, State]], following: State, urgent: bool
) -> None:
    now = history[-1][0]
    before = read_clock(history, urgent=urgent, now=now, calendar=PLAIN)
    if before.due_at and before.due_at < now:
        after = read_clock([*history, (now, following)], urgent=urgent, now=now, calendar=PLAIN)
        assert after.due_at == before.due_at


@given(histories(), st.integers(0, 6), st.booleans())
def test_an_event_that_changes_no_state_changes_no_clock(
    history: list[tuple[datetime, State]], position: int, urgent: bool
) -> None:
    now = history[-1][0] + timedelta(days=1)
    position %= len(history)
    moment, state = history[position]
    end = history[position + 1][0] if position + 1 < len(history) else now
    told = [*history[: position + 1], (moment + (end - moment) / 2, state), *history[position + 1 :]]
    plain, with_event = (read_clock(one, urgent=urgent, now=now, calendar=PLAIN) for one in (history, told))
    assert (plain.elapsed, plain.due_at) == (with_event.elapsed, with_event.due_at)
