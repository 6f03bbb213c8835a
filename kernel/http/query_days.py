"""Days that a query asks for in its fields `from` and `to`, both inclusive."""

from __future__ import annotations

from datetime import date, timedelta

from kernel.base.problems import FieldProblem, Invalid

#: Days that a list shows without a first day, and the most that it may be asked for.
USUAL_DAYS = 31
MOST_DAYS = 92


def days_or_usual(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return first and last day: up to today without a last one, the usual number of days without a first one."""
    last = last or max(today, first or today)
    return first or last - timedelta(days=USUAL_DAYS - 1), last


def require_days_in_order(first: date, last: date) -> None:
    """Refuse days in the wrong order.

    Raises:
        Invalid: the first day is after the last one.
    """
    if first > last:
        detail = "起始日不能晚于截止日 / must not be after the last day"
        raise Invalid([FieldProblem(field="from", code="after-to", detail=detail)])


def require_few_days(first: date, last: date) -> None:
    """Refuse days in the wrong order, and more than `MOST_DAYS`.

    Raises:
        Invalid: the first day is after the last one, or they are too many.
    """
    require_days_in_order(first, last)
    if (last - first).days >= MOST_DAYS:
        detail = f"一次最多查询 {MOST_DAYS} 天,如 from={last} / at most {MOST_DAYS} days at once, such as from={last}"
        raise Invalid([FieldProblem(field="from", code="too-long", detail=detail)])
