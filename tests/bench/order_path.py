"""Measure one order from the HTTP request until it is reserved, and two simple designs for comparison.

All paths are measured by turns, order by order, with the same products, in a process that has handled orders before.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from reads.cache import forget_all
from tests.bench.meter import Bill, Watch, at_rest, meter_program, metered
from tests.bench.wire import opened_on_the_wire
from tests.bench.yardsticks import PLENTY, OrderLine, Program, least, line_by_line, put_up_stock
from tests.support.fixtures import open_shop, sku
from tests.support.world import World

PRODUCTS = 2_000
SIZES = (5, 100, 120, 500, 674, 1_000)
LINE_BY_LINE_SIZES = (5, 120, 500, 1_000)

OURS, FIRST, LEAST, LINE_BY_LINE = "ours", "ours, first of a process", "least", "line by line"
INTAKE, RELAY, RESERVATION, PROGRAM = "intake", "relay", "reservation", "program"

#: Bills of one order by function.
Bills = dict[str, Bill]

#: Function that returns the SKU indexes of an order with a number of lines.
Draw = Callable[[int], Sequence[int]]


@dataclass(frozen=True)
class Cost:
    """Cost of an order of one size: units and calls of all functions together, median CPU time, peak memory.

    `parts` is the CPU time in milliseconds by function, if there are several.
    """

    path: str
    lines: int
    write_units: float
    read_units: float
    calls: int
    cpu_ms: float
    peak_kb: float
    parts: dict[str, float]


def measure(repeats: int) -> list[Cost]:
    """Measure every size of order by every path."""
    with opened_on_the_wire() as world:
        open_shop(products=PRODUCTS, stock=PLENTY, credit_limit_fen=10**14)
        put_up_stock(PRODUCTS)
        bench = Bench(world, evenly(PRODUCTS))
        bench.warm_up()  # the first measured order finds compiled code and an empty cache
        with at_rest():
            return [cost for size in SIZES for cost in bench.measure(size, repeats)]


def evenly(products: int) -> Draw:
    """Draw different SKUs with equal probability, so that an order needs as many buckets as possible."""
    generator = random.Random(products)
    return lambda lines: generator.sample(range(products), lines)


def best_sellers_first(products: int) -> Draw:
    """Draw different SKUs, the n-th SKU index with weight 1/n, so that best sellers share buckets."""
    generator = random.Random(products)
    weights = list(accumulate(1 / rank for rank in range(1, products + 1)))

    def draw(lines: int) -> Sequence[int]:
        drawn: dict[int, None] = {}
        while len(drawn) < lines:
            drawn |= dict.fromkeys(generator.choices(range(products), cum_weights=weights, k=lines))
        return list(drawn)[:lines]

    return draw


@dataclass
class Bench:
    """Submits orders to one world, one after the other."""

    world: World
    draw: Draw
    orders: int = field(default=0)

    def warm_up(self) -> None:
        """Let the process create clients and fill its caches."""
        for _ in range(2):
            self.order(1_000)
        self.program(least, 100)

    def measure(self, size: int, repeats: int) -> list[Cost]:
        """Measure the path of the services and the comparison designs by turns."""
        forget_all()
        first = []
        for watch in (Watch.COST, Watch.TIME):
            forget_all()
            first.append(self.order(size, watch))
        self.warm_up()
        timed: dict[str, list[Bills]] = {OURS: [], LEAST: []}
        for _ in range(repeats):
            timed[OURS].append(self.order(size, Watch.TIME))
            timed[LEAST].append(self.program(least, size, Watch.TIME))
        counted = [self.order(size) for _ in range(repeats)]
        costs = [
            cost_of(FIRST, size, first[:1], first[1:]),
            cost_of(OURS, size, counted, timed[OURS], _peak(self.order(size, Watch.MEMORY))),
            cost_of(
                LEAST,
                size,
                [self.program(least, size)],
                timed[LEAST],
                _peak(self.program(least, size, Watch.MEMORY)),
            ),
        ]
        if size in LINE_BY_LINE_SIZES:
            counted, timed_orders = ([self.program(line_by_line, size, watch)] for watch in (Watch.COST, Watch.TIME))
            costs.append(cost_of(LINE_BY_LINE, size, counted, timed_orders))
        return costs

    def order(self, size: int, watch: Watch = Watch.COST) -> Bills:
        """Submit and reserve an order, and return the bills. Later steps run unmeasured."""
        with metered(self.world, watch) as intake:
            self.submit(size)
        with metered(self.world, watch) as relay:
            self.world.relay_once()
        with metered(self.world, watch) as reservation:
            self.world.consume_once("orders", "reserve_stock")
        self.world.drain()
        return {INTAKE: intake, RELAY: relay, RESERVATION: reservation}

    def submit(self, size: int) -> str:
        """Submit an order; return its id."""
        self.orders += 1
        body = {"lines": [{"sku": sku(sku_index), "quantity": 3} for sku_index in self.draw(size)]}
        token = self.world.token(role="dealer_buyer", dealer_id="D0001")
        answer = self.world.call("orders", "POST", "/orders", body=body, token=token, key=f"key-{self.orders}")
        assert answer.status == 202, answer.json
        return str(answer.json["order_id"])

    def program(self, program: Program, size: int, watch: Watch = Watch.COST) -> Bills:
        """Run a comparison design for an order."""
        self.orders += 1
        lines = [OrderLine(sku(sku_index), 3, sku_index) for sku_index in self.draw(size)]
        order_id = f"{self.orders:06d}"
        return {PROGRAM: meter_program(self.world, lambda: program(order_id, lines), watch)}


def cost_of(path: str, lines: int, counted: Sequence[Bills], timed: Sequence[Bills], peak_bytes: int = 0) -> Cost:
    """Return the cost of orders of one size: mean of units, calls of the last order, median CPU time."""
    cost = [sum(bills.values(), Bill()) for bills in counted]
    parts = {part: median_ms([bills[part] for bills in timed]) for part in timed[0]}
    return Cost(
        path=path,
        lines=lines,
        write_units=statistics.mean(bill.write_units for bill in cost),
        read_units=statistics.mean(bill.read_units for bill in cost),
        calls=cost[-1].calls.total(),
        cpu_ms=median_ms([sum(bills.values(), Bill()) for bills in timed]),
        peak_kb=peak_bytes / 1024,
        parts=parts,
    )


def median_ms(bills: Sequence[Bill]) -> float:
    """Return the median CPU time in milliseconds."""
    return statistics.median(bill.cpu_seconds for bill in bills) * 1e3


def _peak(bills: Bills) -> int:
    return max(bill.peak_bytes for bill in bills.values())
