"""Service terms by dealer grade: reservation time and urgent orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from kernel.time import clock
from kernel.time.calendar import Calendar
from kernel.time.clock import BUSINESS_ZONE, business_date
from kernel.time.holidays import CHINA
from services.orders.vocabulary import Grade, State, grade_of


class GradeTerms(NamedTuple):
    """Of one grade. Hours a hold lasts in each stage, counted day and night; urgent orders a dealer has in a week."""

    hours_in_review: int
    hours_confirmed: int
    urgent_per_week: int


GRADE_TERMS: Mapping[Grade, GradeTerms] = {
    Grade.A: GradeTerms(hours_in_review=72, hours_confirmed=240, urgent_per_week=5),
    Grade.B: GradeTerms(hours_in_review=48, hours_confirmed=168, urgent_per_week=3),
    Grade.C: GradeTerms(hours_in_review=24, hours_confirmed=120, urgent_per_week=1),
}


#: How long before its end a dealer is warned of it.
EXPIRY_WARNING = timedelta(hours=4)


#: Working time until somebody must have decided an urgent order.
URGENT_DECISION = timedelta(minutes=30)


def reservation_ends(stage: State, grade: Grade, since: datetime, calendar: Calendar) -> datetime | None:
    """When pieces held since the order came to its stage go back to the others; None in a stage that holds nothing.

    None ends on a day off, when nobody could prevent it: it lasts until the same time of the next working day.
    """
    terms = GRADE_TERMS[grade]
    hours = {State.IN_REVIEW: terms.hours_in_review, State.CONFIRMED: terms.hours_confirmed}.get(stage)
    if hours is None:
        return None
    end = since + timedelta(hours=hours)
    day = business_date(end)
    return end + (calendar.workday_from(day) - day)


def expiry_warning_time(end: datetime) -> datetime:
    """When the dealer is told that a hold will end then."""
    return end - EXPIRY_WARNING


def urgent_week(submitted: datetime) -> str:
    """The ISO week of Asia/Shanghai whose quota an urgent order takes from, such as `2026-W48`."""
    year, week, _ = submitted.astimezone(BUSINESS_ZONE).isocalendar()
    return f"{year}-W{week:02}"


def may_be_urgent(grade: Grade, already: int) -> bool:
    """Whether a dealer that had `already` urgent orders in the week may have one more."""
    return already < GRADE_TERMS[grade].urgent_per_week


def urgent_due(since: datetime, calendar: Calendar) -> datetime:
    """Until when an urgent order must be decided: half an hour in which people work, after it came to the review."""
    return calendar.after(since, URGENT_DECISION)


def reserved_until(stage: State, grade: str, since: datetime) -> str | None:
    """When what is held goes back if the order stays in this stage, by the terms of the dealer's grade; as a stamp."""
    ends = reservation_ends(stage, grade_of(grade), since, CHINA)
    return clock.stamp(ends) if ends else None
