"""Events of changed promise dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.orders import OrderEvent
from contracts.promises import MovedPromise, OrderPromiseMoved, OrderPromiseSlipped
from services.orders.promises.rules import later_or_lost_promises


def promises_with_changed_day(
    old: Mapping[int, str | None], new: Mapping[int, str | None], *, reserved: bool
) -> tuple[MovedPromise, ...]:
    """Return the lines whose promise date changed, grouped by old and new date.

    Args:
        old, new: ISO dates by line number.
        reserved: whether the pieces are reserved, else they are backordered.
    """
    lines: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for number, day in old.items():
        if new[number] != day:
            lines[day, new[number]].append(number)
    return tuple(
        MovedPromise(lines=tuple(numbers), reserved=reserved, old=was, new=now) for (was, now), numbers in lines.items()
    )


def promise_event(moved: Sequence[MovedPromise]) -> tuple[type[OrderEvent], dict[str, Any]]:
    """Return the event type for changed promise dates and its fields: a slip if any date is later or lost."""
    later = later_or_lost_promises(
        {str(one.lines): one.old for one in moved}, {str(one.lines): one.new for one in moved}
    )
    if not later:
        return OrderPromiseMoved, {"moved": tuple(moved)}
    return OrderPromiseSlipped, {"moved": tuple(moved), "promised_on": min(slip.old for slip in later)}
