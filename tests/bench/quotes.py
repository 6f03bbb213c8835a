"""Measure a quote beside the submit of the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reads.cache import forget_all
from tests.bench.meter import Bill, Watch, at_rest, metered
from tests.bench.order_path import INTAKE, PRODUCTS, Bench, evenly, median_ms
from tests.bench.wire import opened_on_the_wire
from tests.bench.yardsticks import PLENTY, put_up_stock
from tests.support.fixtures import open_shop, sku

LINES = 500


@dataclass(frozen=True)
class QuoteCost:
    """Cost of a quote: units and calls, and median CPU time beside that of the submit."""

    lines: int
    read_units: float
    calls: int
    cpu_ms: float
    submit_cpu_ms: float


def measure(repeats: int) -> QuoteCost:
    """Measure quotes and submits by turns, in a process that has handled orders before."""
    with opened_on_the_wire() as world:
        open_shop(products=PRODUCTS, stock=PLENTY, credit_limit_fen=10**14)
        put_up_stock(PRODUCTS)
        forget_all()
        bench = Bench(world, evenly(PRODUCTS))
        bench.warm_up()
        quote(bench)
        with at_rest():
            timed, submits = [], []
            for _ in range(repeats):
                timed.append(quote(bench, Watch.TIME))
                submits.append(bench.order(LINES, Watch.TIME)[INTAKE])
            counted = quote(bench)
    return cost_of(counted, timed, submits)


def quote(bench: Bench, watch: Watch = Watch.COST) -> Bill:
    """Quote an order of as many different SKUs, and return the bill."""
    body = {"lines": [{"sku": sku(sku_index), "quantity": 3} for sku_index in bench.draw(LINES)]}
    token = bench.world.token(role="dealer_buyer", dealer_id="D0001")
    with metered(bench.world, watch) as bill:
        answer = bench.world.call("orders", "POST", "/orders/quote", body=body, token=token)
    assert answer.status == 200, answer.json
    return bill


def cost_of(counted: Bill, timed: Sequence[Bill], submits: Sequence[Bill]) -> QuoteCost:
    """Return the cost of a quote from its bills."""
    return QuoteCost(LINES, counted.read_units, counted.calls.total(), median_ms(timed), median_ms(submits))
