"""Show the touch time of days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from kernel.base.problems import FieldProblem, Invalid
from kernel.time import clock
from services.orders.touch_time.api import DayTouchTime, TouchTimeFigures, TouchTimeQuery, TouchTimeReport
from services.orders.touch_time.items import TouchTimeCountItem, touch_time_counts
from services.orders.touch_time.rules import TouchTimes

#: Days that are shown without a first day, and the most that may be asked for.
_USUAL_DAYS = 31
_MOST_DAYS = 92


def show_touch_time(query: TouchTimeQuery) -> TouchTimeReport:
    """Show how long clerks had orders open before they decided them, by day and in total.

    Raises:
        Invalid: the days are in the wrong order or too many.
    """
    last = query.to_day or max(clock.business_date(clock.now()), query.from_day or date.min)
    first = query.from_day or last - timedelta(days=_USUAL_DAYS - 1)
    _check_days(first, last)
    by_day: dict[str, list[TouchTimeCountItem]] = defaultdict(list)
    for count in touch_time_counts(first, last):
        by_day[count.day].append(count)
    return TouchTimeReport(
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        total=TouchTimeFigures(**_figures(count for counts in by_day.values() for count in counts)),
        days=[DayTouchTime(day=day, **_figures(by_day[day])) for day in sorted(by_day)],
    )


def _check_days(first: date, last: date) -> None:
    if first > last:
        detail = "起始日不能晚于截止日 / must not be after the last day"
        raise Invalid([FieldProblem(field="from", code="after-to", detail=detail)])
    if (last - first).days >= _MOST_DAYS:
        detail = f"一次最多查询 {_MOST_DAYS} 天 / at most {_MOST_DAYS} days at once"
        raise Invalid([FieldProblem(field="from", code="too-long", detail=detail)])


def _figures(counts: Iterable[TouchTimeCountItem]) -> dict[str, Any]:
    decided, seconds, by_step = 0, 0, Counter[int]()
    for count in counts:
        decided, seconds = decided + count.orders, seconds + count.seconds
        if count.step is not None:
            by_step[count.step] += count.orders
    times = TouchTimes(decided, seconds, by_step)
    minutes = times.minutes_per_100_orders
    return {
        "decided": decided,
        "opened": times.opened,
        "p50_seconds": times.percentile_seconds(50),
        "p95_seconds": times.percentile_seconds(95),
        "minutes_per_100_orders": None if minutes is None else format(minutes, "f"),
    }
