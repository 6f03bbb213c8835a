"""Touch time in steps of seconds, and its figures over many orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

#: An order that was open for longer was not worked on all the time, so it counts as this many seconds.
LONGEST_SECONDS = 3600
#: Up to so many seconds, the touch time is rounded up to a multiple of the step.
_STEPS = ((60, 5), (600, 30), (LONGEST_SECONDS, 300))
_ORDERS = 100
_SECONDS_PER_MINUTE = 60


class TouchTimes(NamedTuple):
    """Decided orders. `seconds`: touch time of all that were opened before; `by_step`: number of orders by step."""

    decided: int
    seconds: int
    by_step: Counter[int]

    @property
    def opened(self) -> int:
        """Number of orders that were opened before their decision."""
        return self.by_step.total()

    def percentile_seconds(self, percent: int) -> int | None:
        """Return the touch time that so many percent of the orders do not exceed, rounded up; None without any."""
        wanted, passed = self.opened * percent, 0
        for step in sorted(self.by_step):
            passed += self.by_step[step]
            if passed * 100 >= wanted:
                return step
        return None

    @property
    def minutes_per_100_orders(self) -> Decimal | None:
        """Minutes of touch time for 100 orders, to one place; None without any."""
        if not self.opened:
            return None
        return (Decimal(self.seconds) * _ORDERS / _SECONDS_PER_MINUTE / self.opened).quantize(Decimal("0.1"))


def touch_seconds(opened: Iterable[datetime], decided: datetime) -> int | None:
    """Return whole seconds from the first opening before the decision to the decision; None without one."""
    first = min((moment for moment in opened if moment <= decided), default=None)
    return None if first is None else min(int((decided - first).total_seconds()), LONGEST_SECONDS)


def step_of(seconds: int) -> int:
    """Return the step of a touch time: seconds, rounded up."""
    size = next(size for most, size in _STEPS if seconds <= most)
    return max(-(-seconds // size), 1) * size
