"""What one order costs from the HTTP request until staff see it reserved, beside what it must cost at the least.

All are measured in turns, order by order, over the same products and in a process that has taken orders before.
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
from tests.bench.yardsticks import PLENTY, Program, Wanted, least, line_by_line, put_up_stock
from tests.shop import open_shop, sku
from tests.world import World

PRODUCTS = 2_000
SIZES = (5, 100, 120, 500, 674, 1_000)
LINE_BY_LINE_SIZES = (5, 120, 500, 1_000)

OURS, FIRST, LEAST, LINE_BY_LINE = "ours", "ours, first of a process", "least", "line by line"
INTAKE, RELAY, RESERVATION, PROGRAM = "intake", "relay", "reservation", "program"

#: Of one order, by function.
Bills = dict[str, Bill]

#: The sku_indexes of an order of so many lines.
Draw = Callable[[int], Sequence[int]]


@dataclass(frozen=True)
class Cost:
    """One size of order: units and calls of all functions together, CPU as median, memory as most at a time.

    `parts`: CPU milliseconds by function, where there are several.
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
    """Every size of order by every path."""
    with opened_on_the_wire() as world:
        open_shop(products=PRODUCTS, stock=PLENTY, credit_limit_fen=10**14)
        put_up_stock(PRODUCTS)
        bench = Bench(world, evenly(PRODUCTS))
        bench.warm_up()  # also before what is measured as a first order: the code itself has run, only pages are unread
        with at_rest():
            return [cost for size in SIZES for cost in bench.measure(size, repeats)]


def evenly(products: int) -> Draw:
    """Different SKUs, each as likely as the others: an order lies on as many buckets as can be."""
    generator = random.Random(products)
    return lambda lines: generator.sample(range(products), lines)


def best_sellers_first(products: int) -> Draw:
    """Different SKUs, the n-th in the order of their sku_indexes as likely as 1/n: what sells together stands together."""
    generator = random.Random(products)
    weights = list(accumulate(1 / rank for rank in range(1, products + 1)))

    def draw(lines: int) -> Sequence[int]:
        found: dict[int, None] = {}
        while len(found) < lines:
            found |= dict.fromkeys(generator.choices(range(products), cum_weights=weights, k=lines))
        return list(found)[:lines]

    return draw


@dataclass
class Bench:
    """Orders into one world, one after the other."""

    world: World
    draw: Draw
    orders: int = field(default=0)

    def warm_up(self) -> None:
        """Make what a process makes once: clients, addresses, pages read."""
        for _ in range(2):
            self.order(1_000)
        self.program(least, 100)

    def measure(self, size: int, repeats: int) -> list[Cost]:
        """Our path and the yardsticks in turns."""
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
            counted, taken = ([self.program(line_by_line, size, watch)] for watch in (Watch.COST, Watch.TIME))
            costs.append(cost_of(LINE_BY_LINE, size, counted, taken))
        return costs

    def order(self, size: int, watch: Watch = Watch.COST) -> Bills:
        """An order as a dealer sends it, until it is reserved; what follows is carried out and not counted."""
        with metered(self.world, watch) as intake:
            self.submit(size)
        with metered(self.world, watch) as relay:
            self.world.relay_once()
        with metered(self.world, watch) as reservation:
            self.world.consume_once("orders", "reserve_stock")
        self.world.drain()
        return {INTAKE: intake, RELAY: relay, RESERVATION: reservation}

    def submit(self, size: int) -> str:
        """Send an order; its id."""
        self.orders += 1
        body = {"lines": [{"sku": sku(sku_index), "quantity": 3} for sku_index in self.draw(size)]}
        token = self.world.token(role="dealer_buyer", dealer_id="D0001")
        answer = self.world.call("orders", "POST", "/orders", body=body, token=token, key=f"key-{self.orders}")
        assert answer.status == 202, answer.json
        return str(answer.json["order_id"])

    def program(self, program: Program, size: int, watch: Watch = Watch.COST) -> Bills:
        """An order by one of the yardsticks."""
        self.orders += 1
        lines = [Wanted(sku(sku_index), 3, sku_index) for sku_index in self.draw(size)]
        order_id = f"{self.orders:06d}"
        return {PROGRAM: meter_program(self.world, lambda: program(order_id, lines), watch)}


def cost_of(path: str, lines: int, counted: Sequence[Bills], timed: Sequence[Bills], peak_bytes: int = 0) -> Cost:
    """What orders of one size cost: units as the mean, calls as those of the last, CPU as the median."""
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
    """Median CPU in milliseconds."""
    return statistics.median(bill.cpu_seconds for bill in bills) * 1e3


def _peak(bills: Bills) -> int:
    return max(bill.peak_bytes for bill in bills.values())
