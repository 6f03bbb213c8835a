"""Periods: calendar months of business days, such as `2026-11`."""

from __future__ import annotations

from datetime import date, timedelta


def period_of(day: date) -> str:
    """The period in which a day lies."""
    return day.isoformat()[:7]


def first_day(period: str) -> date:
    """Its first day."""
    return date.fromisoformat(f"{period}-01")


def next_period(period: str) -> str:
    """The period after it."""
    return period_of(first_day(period) + timedelta(days=31))


def last_day(period: str) -> date:
    """Its last day."""
    return first_day(next_period(period)) - timedelta(days=1)


def previous_period(day: date) -> str:
    """The last period that was over on that day."""
    return period_of(day.replace(day=1) - timedelta(days=1))


PERIOD = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
