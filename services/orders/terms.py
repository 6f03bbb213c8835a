"""What an order may count on by its dealer's grade: how long pieces stay held, and how often it may be urgent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from kernel.time.calendar import Calendar
from kernel.time.clock import BUSINESS_ZONE, business_date
from services.orders.domain import State


class Grade(StrEnum):
    """A dealer's class; A is served first where a rule goes by grades."""

    A = "A"
    B = "B"
    C = "C"


class Terms(NamedTuple):
    """Of one grade. Hours a hold lasts in each stage, counted day and night; urgent orders a dealer has in a week."""

    hours_in_review: int
    hours_confirmed: int
    urgent_per_week: int


TERMS: Mapping[Grade, Terms] = {
    Grade.A: Terms(hours_in_review=72, hours_confirmed=240, urgent_per_week=5),
    Grade.B: Terms(hours_in_review=48, hours_confirmed=168, urgent_per_week=3),
    Grade.C: Terms(hours_in_review=24, hours_confirmed=120, urgent_per_week=1),
}

#: How long before its end a dealer is warned of it.
WARNING = timedelta(hours=4)

#: Working time until somebody must have decided an urgent order.
URGENT_DECISION = timedelta(minutes=30)

_ALSO_CALLED = {"一级": Grade.A, "二级": Grade.B, "三级": Grade.C}


def grade_of(text: str) -> Grade:
    """The grade a dealer's master record names, `A` or `一级`; what is not known has the strictest terms."""
    name = text.strip().upper()
    return _ALSO_CALLED.get(name) or (Grade(name) if name in Grade.__members__ else Grade.C)


def reservation_ends(stage: State, grade: Grade, since: datetime, calendar: Calendar) -> datetime | None:
    """When pieces held since the order came to its stage go back to the others; None in a stage that holds nothing.

    None ends on a day off, when nobody could prevent it: it lasts until the same time of the next working day.
    """
    terms = TERMS[grade]
    hours = {State.IN_REVIEW: terms.hours_in_review, State.CONFIRMED: terms.hours_confirmed}.get(stage)
    if hours is None:
        return None
    end = since + timedelta(hours=hours)
    day = business_date(end)
    return end + (calendar.workday_from(day) - day)


def expiry_warning_time(end: datetime) -> datetime:
    """When the dealer is told that a hold will end then."""
    return end - WARNING


def urgent_week(submitted: datetime) -> str:
    """The ISO week of Asia/Shanghai whose quota an urgent order takes from, such as `2026-W48`."""
    year, week, _ = submitted.astimezone(BUSINESS_ZONE).isocalendar()
    return f"{year}-W{week:02}"


def may_be_urgent(grade: Grade, already: int) -> bool:
    """Whether a dealer that had `already` urgent orders in the week may have one more."""
    return already < TERMS[grade].urgent_per_week


def urgent_due(since: datetime, calendar: Calendar) -> datetime:
    """Until when an urgent order must be decided: half an hour in which people work, after it came to the review."""
    return calendar.after(since, URGENT_DECISION)
