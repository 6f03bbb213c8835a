"""The business calendar of Asia/Shanghai: on which days and at which hours people work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import NamedTuple

from kernel.time.clock import BUSINESS_ZONE, business_date

_SHIFTS = ((time(9), time(12)), (time(13, 30), time(18)))
_NONE = timedelta()
_SATURDAY = 5


class Calendar(NamedTuple):
    """When people work: Monday to Friday in two shifts, but for `holidays`, and on the weekend days in `workdays`."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Whether people work on the day."""
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)

    def workday_from(self, day: date) -> date:
        """The day itself if people work on it, else the first after it on which they do."""
        return next(later for days in count() if self.works(later := day + timedelta(days=days)))

    def shifts(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working hours of a day; none on a day off."""
        if not self.works(day):
            return []
        return [(_moment(day, opens), _moment(day, closes)) for opens, closes in _SHIFTS]

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; none if they are in the wrong order."""
        worked = _NONE
        for opens, closes in self._shifts_from(start):
            if opens >= end:
                break
            worked += max(min(closes, end) - max(opens, start), _NONE)
        return worked

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The first moment at which so much working time has passed since `start`."""
        if duration <= _NONE:
            return start
        for opens, closes in self._shifts_from(start):
            begin = max(opens, start)
            if closes - begin >= duration:
                return begin + duration
            duration -= max(closes - begin, _NONE)
        raise AssertionError("working days never end")

    def _shifts_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = business_date(start)
        for days in count():
            yield from self.shifts(first + timedelta(days=days))


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, BUSINESS_ZONE).astimezone(UTC)
