"""Service terms by dealer grade: reservation time and urgent orders."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.grades import GRADES, Grade
from kernel.time import clock
from kernel.time.calendar import Calendar
from kernel.time.clock import BUSINESS_ZONE, business_date
from kernel.time.holidays import CHINA
from services.orders.vocabulary import State

#: Working time between the warning and the end of a reservation, so that there is always time to act.
EXPIRY_WARNING = timedelta(hours=4)


#: Working time in which an urgent order must be decided.
URGENT_DECISION = timedelta(minutes=30)


def reservation_end(stage: State, grade: Grade, since: datetime, calendar: Calendar) -> datetime | None:
    """Return when a reservation ends that was made when the order entered its state; None in other states.

    A reservation that would end on a day off ends at the same time of the next working day; outside of business hours,
    at the beginning of the next shift; and never before there was working time for the warning.
    """
    terms = GRADES[grade]
    hours = {State.IN_REVIEW: terms.hours_in_review, State.CONFIRMED: terms.hours_confirmed}.get(stage)
    if hours is None:
        return None
    end = since + timedelta(hours=hours)
    day = business_date(end)
    end = calendar.first_working_moment_from(end + (calendar.first_workday_from(day) - day))
    return max(end, calendar.add_working_time(since, EXPIRY_WARNING))


def reservation_warning_time(end: datetime, calendar: Calendar) -> datetime:
    """Return when the dealer is warned that a reservation ends: in working time, and not before it was made."""
    return calendar.subtract_working_time(end, EXPIRY_WARNING)


def urgent_quota_week(submitted: datetime) -> str:
    """Return the ISO week of Asia/Shanghai, such as `2026-W48`, whose quota an urgent order uses."""
    year, week, _ = submitted.astimezone(BUSINESS_ZONE).isocalendar()
    return f"{year}-W{week:02}"


def has_urgent_order_left(grade: Grade, already: int) -> bool:
    """Return whether a dealer with `already` urgent orders in the week may submit one more."""
    return already < GRADES[grade].urgent_per_week


def urgent_review_deadline(since: datetime, calendar: Calendar) -> datetime:
    """Return when an urgent order must be decided: half an hour of working time after it became visible."""
    return calendar.add_working_time(since, URGENT_DECISION)


def same_day_deadline(since: datetime, calendar: Calendar) -> datetime:
    """Return when an order must be handled: at the end of the working day on which it came.

    What comes after business hours or on a day off is due at the end of the next working day.
    """
    day = business_date(calendar.first_working_moment_from(since))
    return calendar.business_hours(day)[-1][1]


def reservation_end_stamp(stage: State, grade: str, since: datetime) -> str | None:
    """Return when a reservation ends as a stamp, None in a state without reservations.

    Raises:
        ValueError: a stored grade is no code of a grade.
    """
    ends = reservation_end(stage, Grade(grade), since, CHINA)
    return clock.stamp(ends) if ends else None
