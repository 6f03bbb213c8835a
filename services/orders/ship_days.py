"""Days on which pieces leave a warehouse: cut-off hours and working days of Asia/Shanghai, as ISO dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from kernel.time.calendar import Calendar
from kernel.time.clock import BUSINESS_ZONE

#: What is approved and held before this hour of a working day leaves on that day. Orders are taken at any hour.
#: A delivery that has not come by then is not counted on for that day any more.
CUT_OFF_HOUR = 17


#: What has not left by this hour leaves no more on that day.
LAST_DEPARTURE_HOUR = 20


def ship_day(ready: datetime, calendar: Calendar) -> str:
    """The day on which held pieces leave that were approved at this moment: the same working day, until the cut-off."""
    return calendar.workday_from(_day_until(CUT_OFF_HOUR, ready)).isoformat()


def next_ship_day(promised: str, approved: bool, now: datetime, calendar: Calendar) -> str:
    """The day on which held pieces leave that were promised for a day: that day while it can be kept, else the next.

    It is kept if the order is approved before the cut-off of that day, and its pieces leave before the last departure.
    """
    hour = LAST_DEPARTURE_HOUR if approved else CUT_OFF_HOUR
    return max(promised, calendar.workday_from(_day_until(hour, now)).isoformat())


def earliest_day(*days: str | None) -> str | None:
    """The earliest of the days that are named."""
    return min((day for day in days if day), default=None)


def ship_day_of_arrival(expected: str, now: datetime, calendar: Calendar) -> str:
    """The day on which expected pieces leave: the first working day after they come in.

    A delivery that should have come already is taken to come today, from the cut-off on tomorrow: so whoever was
    promised a day hears the evening before that it is not kept.
    """
    arrives = max(date.fromisoformat(expected), _day_until(CUT_OFF_HOUR, now))
    return calendar.workday_from(arrives + timedelta(days=1)).isoformat()


def _day_until(hour: int, now: datetime) -> date:
    """Today in Asia/Shanghai, from that hour on tomorrow."""
    local = now.astimezone(BUSINESS_ZONE)
    return local.date() + timedelta(days=local.hour >= hour)
