"""Public holidays of China, read from holidays.json. The State Council publishes a year in the November before it.

docs/operating.md explains how to add a year.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kernel.time.calendar import SATURDAY, Calendar
from kernel.time.clock import business_date, parse_stamp

#: Days before the end of the known calendar from which on the tests fail and the alarm is raised.
WARNING_DAYS = 60

_ISO_DATE = len("2026-11-23")


def read_calendar(text: str) -> Calendar:
    """Return the calendar that a JSON text describes.

    `known_until`: last day for which the State Council has published the days off; `holidays`: first and last day of
    each, `expected` if it begins after `known_until`; `working_weekends`: weekend days worked in exchange.

    Raises:
        ValueError: a holiday ends before it begins, or is marked as expected exactly when it is published; a working
            weekend day is no weekend day, is a holiday, or is not published yet.
    """
    data: dict[str, Any] = json.loads(text)
    known_until = date.fromisoformat(data["known_until"])
    holidays: set[date] = set()
    for holiday in data["holidays"]:
        first, last = date.fromisoformat(holiday["first"]), date.fromisoformat(holiday["last"])
        if last < first:
            raise ValueError(f"{holiday['name']}: {last} is before {first}")
        if holiday.get("expected", False) != (last > known_until):
            raise ValueError(f"{holiday['name']} {first}: expected means later than {known_until}, and only that")
        holidays |= {first + timedelta(days=days) for days in range((last - first).days + 1)}
    workdays = {date.fromisoformat(day) for day in data["working_weekends"]}
    for day in sorted(workdays):
        if day.weekday() < SATURDAY or day in holidays or day > known_until:
            raise ValueError(f"{day} is no published weekend day that is worked in exchange")
    return Calendar(frozenset(holidays), frozenset(workdays), known_until)


CHINA = read_calendar(Path(__file__).with_name("holidays.json").read_text(encoding="utf-8"))


def calendar_end_if_passed(*days: str | None) -> str | None:
    """Return the last known day as ISO date if one of these days or moments is later and may move, else None.

    Args:
        days: ISO dates of Asia/Shanghai, or stamps.
    """
    moments = [day for day in days if day]
    dates = [date.fromisoformat(day) if len(day) == _ISO_DATE else business_date(parse_stamp(day)) for day in moments]
    return CHINA.known_until.isoformat() if max(dates, default=CHINA.known_until) > CHINA.known_until else None
