"""Working days. tests/tickets/test_service_clock.py tests the business hours."""

from __future__ import annotations

from datetime import date

import pytest

from kernel.time.calendar import Calendar
from kernel.time.holidays import CHINA


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),  # a Monday
        (date(2026, 11, 28), date(2026, 11, 30)),  # a Saturday
        (date(2026, 10, 1), date(2026, 10, 8)),  # National Day, seven days
        (date(2026, 10, 10), date(2026, 10, 10)),  # a Saturday worked in exchange
        (date(2026, 2, 15), date(2026, 2, 24)),  # Spring Festival
    ],
)
def test_first_workday_is_the_day_itself_when_it_is_a_workday(day: date, expected: date) -> None:
    assert CHINA.first_workday_from(day) == expected


def test_calendar_without_holidays_has_workdays_on_holidays() -> None:
    assert Calendar().first_workday_from(date(2026, 10, 1)) == date(2026, 10, 1)
