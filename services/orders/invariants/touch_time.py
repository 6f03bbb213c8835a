"""Invariant of touch time: the counts of the days are those of the decided orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from kernel.invariants.snapshot import Finding, Snapshot
from services.orders.touch_time.items import OrderTouchTimeItem, TouchTimeCountItem, touch_time_count_key
from services.orders.touch_time.rules import step_of


def touch_time_counts_are_sums(snapshot: Snapshot) -> Iterator[Finding]:
    """Find counts of a day that are not the sums of the touch times of its orders."""
    orders, seconds = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for item in snapshot.items(OrderTouchTimeItem):
        step = None if item.seconds is None else step_of(item.seconds)
        key = touch_time_count_key(date.fromisoformat(item.decided_on), step)
        orders[key] += 1
        seconds[key] += item.seconds or 0
    stored = {(item.pk, item.sk): (item.orders, item.seconds) for item in snapshot.items(TouchTimeCountItem)}
    for key in sorted(stored.keys() | orders.keys()):
        if stored.get(key, (0, 0)) != (expected := (orders[key], seconds[key])):
            detail = f"{stored.get(key)} orders and seconds, by its orders {expected}"
            yield Finding("touch-time-count", " ".join(key), detail)


ALWAYS = (touch_time_counts_are_sums,)
