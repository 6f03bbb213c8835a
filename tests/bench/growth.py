"""Measure how the cost of an order of 120 lines grows with the number of SKUs, stored items and backorders.

Units and calls are exact. CPU time is a median; where one process can hold both worlds, they are measured by turns. The
worlds use the fast cloud (tests/fast_aws), so the CPU time is that of the services alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from kernel.base.settings import settings
from kernel.store import aws
from tests.bench.meter import Watch, at_rest
from tests.bench.order_path import OURS, Bench, Bills, Cost, Draw, best_sellers_first, cost_of, evenly
from tests.bench.yardsticks import PLENTY
from tests.support.fixtures import WAREHOUSE, open_shop
from tests.support.world import Saved, World, opened

LINES = 120
_PRODUCTS = 2_000
_TIMES = 100
_BATCH = 25
_BASE_ORDERS = 10
_WAITING = 50
#: Number of orders for a mean of units that depend on the drawn SKUs.
_DRAWN_ORDERS = 40

STORED = "100 times the orders, dealers and movements"
SKUS_TOGETHER = "20,000 SKUs for 2,000, best sellers together"
SKUS_EVENLY = "20,000 SKUs for 2,000, drawn evenly"
BACKLOG = f"{_WAITING} orders that wait for other goods, for none"


@dataclass(frozen=True)
class Growth:
    """Cost of the same order in a small world and in a large one."""

    by: str
    small: Cost
    large: Cost


def measure(repeats: int) -> list[Growth]:
    """Measure every kind of growth."""
    return [*_skus(repeats), _stored(repeats), _backlog(repeats)]


def _skus(repeats: int) -> Iterator[Growth]:
    small, large = (_with_skus(products, repeats) for products in (_PRODUCTS, 10 * _PRODUCTS))
    for by in small:
        yield Growth(by, small[by], large[by])


def _with_skus(products: int, repeats: int) -> dict[str, Cost]:
    draws: dict[str, Draw] = {SKUS_TOGETHER: best_sellers_first(products), SKUS_EVENLY: evenly(products)}
    costs = {}
    with opened(fast=True) as world:
        open_shop(products=products, stock=PLENTY, credit_limit_fen=10**14)
        bench = Bench(world, evenly(products))
        for by, draw in draws.items():
            bench.draw = draw
            for _ in range(5):
                bench.order(1_000)
            with at_rest():
                counted = [bench.order(LINES) for _ in range(max(repeats, _DRAWN_ORDERS))]
                costs[by] = cost_of(OURS, LINES, counted, [bench.order(LINES, Watch.TIME) for _ in range(repeats)])
    return costs


def _stored(repeats: int) -> Growth:
    with opened(fast=True) as world:
        open_shop(products=_PRODUCTS, stock=PLENTY, credit_limit_fen=10**14)
        bench = Bench(world, evenly(_PRODUCTS))
        for _ in range(_BASE_ORDERS):
            bench.order(LINES)
        small = world.save()
        _multiply(world)
        return _in_turns(STORED, bench, small, world.save(), repeats)


def _multiply(world: World) -> None:
    """Copy every item of the dealer to 99 other dealers, except events, which the relay would send."""
    items = [dict(item) for _, item in world.cloud.rows() if "D0001" in repr(item) and item["kind"] != {"S": "event"}]
    for number in range(1, _TIMES):
        puts = [{"PutRequest": {"Item": _renamed(item, "D0001", f"C{number:04d}")}} for item in items]
        for start in range(0, len(puts), _BATCH):
            aws.client("dynamodb").batch_write_item(RequestItems={settings().table: puts[start : start + _BATCH]})
    world.drain()


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, old, new) for inner in value]
    return value.replace(old, new) if isinstance(value, str) else value


def _backlog(repeats: int) -> Growth:
    """Measure an order for other SKUs than those of the first bucket, which is empty and has backorders."""
    with opened(fast=True) as world:
        open_shop(products=_PRODUCTS, stock=PLENTY, credit_limit_fen=10**14)
        StockBucketItem(*stock_bucket_key(WAREHOUSE, 0), available=[0] * SKUS_PER_BUCKET).save()
        bench = Bench(world, _beyond_the_first_bucket())
        bench.order(1_000)
        small = world.save()
        waiting = Bench(world, lambda lines: range(lines), orders=10_000)
        for _ in range(_WAITING):
            waiting.order(20)
        return _in_turns(BACKLOG, bench, small, world.save(), repeats)


def _beyond_the_first_bucket() -> Draw:
    draw = evenly(_PRODUCTS - SKUS_PER_BUCKET)

    def beyond(lines: int) -> Sequence[int]:
        return [sku_index + SKUS_PER_BUCKET for sku_index in draw(lines)]

    return beyond


def _in_turns(by: str, bench: Bench, small: Saved, large: Saved, repeats: int) -> Growth:
    counted: dict[str, list[Bills]] = {"small": [], "large": []}
    timed: dict[str, list[Bills]] = {"small": [], "large": []}
    bench.order(LINES)
    with at_rest():
        for _ in range(repeats):
            for name, state in (("small", small), ("large", large)):
                bench.world.restore(state)
                # The counted order also fills the processor's caches with this world.
                counted[name].append(bench.order(LINES))
                timed[name].append(bench.order(LINES, Watch.TIME))
    costs = (cost_of(OURS, LINES, counted[name], timed[name]) for name in ("small", "large"))
    return Growth(by, *costs)
