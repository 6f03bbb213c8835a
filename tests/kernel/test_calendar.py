"""Working days; the hours of a working day are tested with the service clock that counts them."""

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
def test_the_next_working_day_is_the_day_itself_if_people_work_on_it(day: date, expected: date) -> None:
    assert CHINA.first_workday_from(day) == expected


def test_without_a_list_of_holidays_a_holiday_is_a_day_like_others() -> None:
    assert Calendar().first_workday_from(date(2026, 10, 1)) == date(2026, 10, 1)
