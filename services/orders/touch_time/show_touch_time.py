"""Show the touch time of days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from kernel.http.query_days import days_or_usual, require_few_days
from kernel.time import clock
from services.orders.touch_time.api import DayTouchTime, TouchTimeFigures, TouchTimeQuery, TouchTimeReport
from services.orders.touch_time.items import TouchTimeCountItem, touch_time_counts
from services.orders.touch_time.rules import TouchTimes


def show_touch_time(query: TouchTimeQuery) -> TouchTimeReport:
    """Show how long clerks had orders open before they decided them, by day and in total.

    Raises:
        Invalid: the days are in the wrong order or too many.
    """
    first, last = days_or_usual(query.from_day, query.to_day, clock.business_date(clock.now()))
    require_few_days(first, last)
    by_day: dict[str, list[TouchTimeCountItem]] = defaultdict(list)
    for count in touch_time_counts(first, last):
        by_day[count.day].append(count)
    return TouchTimeReport(
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        total=TouchTimeFigures(**_figures(count for counts in by_day.values() for count in counts)),
        days=[DayTouchTime(day=day, **_figures(by_day[day])) for day in sorted(by_day)],
    )


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
