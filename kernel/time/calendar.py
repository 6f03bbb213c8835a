"""Business calendar of Asia/Shanghai: working days and business hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import NamedTuple

from kernel.time.clock import BUSINESS_ZONE, business_date

_SHIFTS = ((time(9), time(12)), (time(13, 30), time(18)))
_NO_TIME = timedelta()
SATURDAY = 5


class Calendar(NamedTuple):
    """Working days: Monday to Friday except `holidays`, and the weekend days in `workdays`. A day has two shifts.

    `known_until`: last day whose days off are published. Later days are plain weekdays and expected holidays, so a day
    that rests on them may move.
    """

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    known_until: date = date.max

    def is_workday(self, day: date) -> bool:
        """Return True for a working day."""
        return day in self.workdays or (day.weekday() < SATURDAY and day not in self.holidays)

    def first_workday_from(self, day: date) -> date:
        """Return the day itself if it is a working day, else the next working day."""
        return next(later for days in count() if self.is_workday(later := day + timedelta(days=days)))

    def days_known(self, today: date) -> int:
        """Return the number of days from today until the last known day; negative after it."""
        return (self.known_until - today).days

    def business_hours(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return start and end of each shift of a day; empty on a day off."""
        if not self.is_workday(day):
            return []
        return [(_moment(day, opens), _moment(day, closes)) for opens, closes in _SHIFTS]

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two moments; zero if `end` is before `start`."""
        worked = _NO_TIME
        for opens, closes in self._shifts_from(start):
            if opens >= end:
                break
            worked += max(min(closes, end) - max(opens, start), _NO_TIME)
        return worked

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime:
        """Return the first moment at which this much working time has passed since `start`."""
        if duration <= _NO_TIME:
            return start
        for opens, closes in self._shifts_from(start):
            begin = max(opens, start)
            if closes - begin >= duration:
                return begin + duration
            duration -= max(closes - begin, _NO_TIME)
        raise AssertionError("working days never end")

    def subtract_working_time(self, end: datetime, duration: timedelta) -> datetime:
        """Return the last moment from which on this much working time passes until `end`."""
        if duration <= _NO_TIME:
            return end
        last = business_date(end)
        for days in count():
            for opens, closes in reversed(self.business_hours(last - timedelta(days=days))):
                begin = min(closes, end)
                if begin - opens >= duration:
                    return begin - duration
                duration -= max(begin - opens, _NO_TIME)
        raise AssertionError("working days never begin")

    def first_working_moment_from(self, moment: datetime) -> datetime:
        """Return the moment itself if it lies in business hours, else the beginning of the next shift."""
        return next(max(opens, moment) for opens, closes in self._shifts_from(moment) if moment <= closes)

    def _shifts_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = business_date(start)
        for days in count():
            yield from self.business_hours(first + timedelta(days=days))


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, BUSINESS_ZONE).astimezone(UTC)
