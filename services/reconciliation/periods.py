"""Periods: calendar months of business days, such as `2026-11`."""

from __future__ import annotations

from datetime import date, timedelta

#: Regular expression of a period.
PERIOD = r"20[0-9]{2}-(0[1-9]|1[0-2])"


def period_of(day: date) -> str:
    """Return the period that contains a day."""
    return day.isoformat()[:7]


def first_day(period: str) -> date:
    """Return the first day of a period."""
    return date.fromisoformat(f"{period}-01")


def last_day(period: str) -> date:
    """Return the last day of a period."""
    return first_day(next_period(period)) - timedelta(days=1)


def next_period(period: str) -> str:
    """Return the period after a period."""
    return period_of(first_day(period) + timedelta(days=31))


def previous_period(day: date) -> str:
    """Return the last period that has ended on a day."""
    return period_of(day.replace(day=1) - timedelta(days=1))
