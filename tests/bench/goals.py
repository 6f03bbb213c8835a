"""Goals for the cost of an order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.bursts import Shipping
from tests.bench.growth import SKUS_TOGETHER, STORED, Growth
from tests.bench.order_path import LEAST, OURS, Cost
from tests.bench.quotes import QuoteCost

#: List prices of AWS in dollars per million, US East, on demand: DynamoDB units, SQS FIFO requests, Lambda
#: invocations, events of a custom bus.
_WRITE, _READ, _QUEUE, _INVOCATION, _EVENT = 0.625, 0.125, 0.50, 0.20, 1.00
_QUEUE_REQUESTS, _INVOCATIONS, _EVENTS = 3, 3, 1


@dataclass(frozen=True)
class Goal:
    """A measured figure and its upper limit."""

    what: str
    figure: float
    most: float

    @property
    def holds(self) -> bool:
        """True if the figure is within the limit."""
        return self.figure <= self.most


def goals(costs: Sequence[Cost], growths: Sequence[Growth], shipping: Shipping, quote: QuoteCost) -> Iterator[Goal]:
    """Yield every goal with the measured figure."""
    ours = {cost.lines: cost for cost in costs if cost.path == OURS}
    least = {cost.lines: cost for cost in costs if cost.path == LEAST}
    usual, long = ours[120], ours[674]
    yield Goal("120 lines: write units", usual.write_units, 94)
    yield Goal("120 lines: API calls", usual.calls, 10)
    yield Goal("120 lines: CPU, x least", usual.cpu_ms / least[120].cpu_ms, 2.5)
    yield Goal("1,000 orders of 120 lines: dollars", dollars(usual) * 1e3, 0.08)
    yield Goal("674 lines: API calls", long.calls, 10)
    yield Goal("674 for 120 lines: write units, x", long.write_units / usual.write_units, 1.3)
    yield Goal("674 for 120 lines: CPU, x", long.cpu_ms / usual.cpu_ms, 2)
    per_line = {lines: _per_line(ours[lines]) for lines in (100, 1_000)}
    for name, many, few in zip(("write units", "API calls", "CPU"), per_line[1_000], per_line[100], strict=True):
        yield Goal(f"1,000 for 100 lines: {name} per line, x", many / few, 1.1)
    by = {growth.by: growth for growth in growths}
    stored, skus = by[STORED], by[SKUS_TOGETHER]
    yield Goal(f"{STORED}: write units, x", stored.large.write_units / stored.small.write_units, 1.05)
    yield Goal(f"{STORED}: API calls, x", stored.large.calls / stored.small.calls, 1.05)
    yield Goal(f"{STORED}: CPU, x", stored.large.cpu_ms / stored.small.cpu_ms, 1.05)
    yield Goal(f"{SKUS_TOGETHER}: write units, x", skus.large.write_units / skus.small.write_units, 2)
    yield Goal("shipping 120 lines: write units", shipping.write_units, 8)
    yield Goal("shipping 120 lines: API calls", shipping.calls, 4)
    yield Goal(f"quote of {quote.lines} lines: read units", quote.read_units, 20)
    yield Goal(f"quote of {quote.lines} lines: CPU, x submit", quote.cpu_ms / quote.submit_cpu_ms, 1)


def dollars(cost: Cost) -> float:
    """Return the list price of one order until it is reserved, without the running time of functions."""
    units = cost.write_units * _WRITE + cost.read_units * _READ
    return (units + _QUEUE_REQUESTS * _QUEUE + _INVOCATIONS * _INVOCATION + _EVENTS * _EVENT) / 1e6


def _per_line(cost: Cost) -> tuple[float, float, float]:
    return cost.write_units / cost.lines, cost.calls / cost.lines, cost.cpu_ms / cost.lines
