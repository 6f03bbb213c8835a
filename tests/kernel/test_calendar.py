"""Working days. tests/tickets/test_service_clock.py tests the business hours."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.time.calendar import Calendar
from kernel.time.clock import business_date
from kernel.time.holidays import CHINA, calendar_end_if_passed, read_calendar


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),  # a Monday
        (date(2026, 11, 28), date(2026, 11, 30)),  # a Saturday
        (date(2026, 10, 1), date(2026, 10, 8)),  # National Day, seven days
        (date(2026, 10, 10), date(2026, 10, 10)),  # a Saturday worked in exchange
        (date(2026, 2, 15), date(2026, 2, 24)),  # Spring Festival
        (date(2027, 1, 1), date(2027, 1, 4)),  # New Year
        (date(2027, 2, 5), date(2027, 2, 12)),  # Spring Festival, as expected
    ],
)
def test_first_workday_is_the_day_itself_when_it_is_a_workday(day: date, expected: date) -> None:
    assert CHINA.first_workday_from(day) == expected


def test_calendar_without_holidays_has_workdays_on_holidays() -> None:
    assert Calendar().first_workday_from(date(2026, 10, 1)) == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("days", "end"),
    [
        (["2027-02-04", None], None),
        (["2027-02-05"], "2027-02-04"),
        (["2026-11-23", "2027-02-12"], "2027-02-04"),
        (["2027-02-04T15:59:00.000Z"], None),
        (["2027-02-04T16:00:00.000Z"], "2027-02-04"),  # midnight in Shanghai
        ([None], None),
        ([], None),
    ],
)
def test_end_of_the_calendar_is_shown_with_later_days(days: list[str | None], end: str | None) -> None:
    assert calendar_end_if_passed(*days) == end


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"holidays": [{"name": "元旦", "first": "2026-01-03", "last": "2026-01-01"}]}, "before"),
        ({"holidays": [{"name": "春节", "first": "2027-02-05", "last": "2027-02-11"}]}, "expected"),
        ({"holidays": [{"name": "元旦", "first": "2026-01-01", "last": "2026-01-03", "expected": True}]}, "expected"),
        ({"working_weekends": ["2026-01-05"]}, "no published weekend day"),
        ({"working_weekends": ["2027-02-14"]}, "no published weekend day"),
    ],
)
def test_calendar_data_with_a_contradiction_is_refused(changes: dict[str, object], message: str) -> None:
    data = {"known_until": "2026-12-31", "holidays": [], "working_weekends": []} | changes
    with pytest.raises(ValueError, match=message):
        read_calendar(json.dumps(data))


# ---- any calendar ----

_FIRST = date(2026, 1, 1)
_days = st.integers(0, 80).map(lambda later: _FIRST + timedelta(days=later))
calendars = st.builds(
    lambda holidays, weekends: Calendar(holidays, weekends - holidays),
    st.frozensets(_days, max_size=40),
    st.frozensets(_days.filter(lambda day: day.weekday() >= 5), max_size=8),
)
moments = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=5, minutes=minutes)
)
durations = st.integers(0, 20 * 60).map(lambda minutes: timedelta(minutes=minutes))


def is_working_moment(calendar: Calendar, moment: datetime) -> bool:
    return any(opens <= moment <= closes for opens, closes in calendar.business_hours(business_date(moment)))


@given(calendars, moments)
def test_first_working_moment_is_the_earliest_in_business_hours(calendar: Calendar, moment: datetime) -> None:
    found = calendar.first_working_moment_from(moment)
    assert found >= moment and is_working_moment(calendar, found)
    assert calendar.working_time(moment, found) == timedelta()


@given(calendars, moments, durations)
def test_subtracted_working_time_passes_until_the_end(
    calendar: Calendar, moment: datetime, duration: timedelta
) -> None:
    start = calendar.subtract_working_time(moment, duration)
    assert start <= moment and calendar.working_time(start, moment) == duration
    if duration:
        assert is_working_moment(calendar, start)
