"""Days on which pieces leave a warehouse: cut-off hours and working days of Asia/Shanghai, as ISO dates."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from kernel.time.calendar import Calendar
from kernel.time.clock import BUSINESS_ZONE

#: Pieces approved before this hour of a working day leave on that day. Orders are accepted at any hour.
#: A delivery that has not arrived by this hour is no longer expected on that day.
CUT_OFF_HOUR = 17


#: Pieces that have not left by this hour do not leave on that day.
LAST_DEPARTURE_HOUR = 20


def ship_day(ready: datetime, calendar: Calendar) -> str:
    """Return the day on which pieces leave that are approved now: the same working day, until the cut-off hour."""
    return calendar.first_workday_from(_day_until(CUT_OFF_HOUR, ready)).isoformat()


def expected_ship_day(promised: str, approved: bool, now: datetime, calendar: Calendar) -> str:
    """Return the day on which reserved pieces leave: the promised day, or the next possible one.

    The promised day is kept if the order is approved before its cut-off and leaves before the last departure.
    """
    hour = LAST_DEPARTURE_HOUR if approved else CUT_OFF_HOUR
    return max(promised, calendar.first_workday_from(_day_until(hour, now)).isoformat())


def last_departure(day: str) -> datetime:
    """Return the moment until which pieces leave on a day (ISO date)."""
    return datetime.combine(date.fromisoformat(day), time(LAST_DEPARTURE_HOUR), BUSINESS_ZONE)


def earliest_of_days(*days: str | None) -> str | None:
    """Return the earliest of the days that are given, None without any."""
    return min((day for day in days if day), default=None)


def ship_day_of_arrival(expected: str, now: datetime, calendar: Calendar) -> str:
    """Return the day on which expected pieces leave: the first working day after their arrival.

    An overdue delivery is taken to arrive today, and after the cut-off hour tomorrow. The dealer then learns the
    evening before that a promise date is not kept.
    """
    arrives = max(date.fromisoformat(expected), _day_until(CUT_OFF_HOUR, now))
    return calendar.first_workday_from(arrives + timedelta(days=1)).isoformat()


def _day_until(hour: int, now: datetime) -> date:
    """Return today in Asia/Shanghai, from that hour on tomorrow."""
    local = now.astimezone(BUSINESS_ZONE)
    return local.date() + timedelta(days=local.hour >= hour)
