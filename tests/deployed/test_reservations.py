"""Stock stays correct with parallel orders and killed workers, in the deployed system; `make soak` runs more."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import Market, kill_reserving_workers, open_market
from tests.support.depth import depth
from tools import audit
from tools.client import Api

#: Parallel requests; the emulator handles few at the same time.
_PARALLEL_REQUESTS = 8


def submit(buyer: Api, lines: dict[str, int], **more: Any) -> str:
    """Submit an order; return its id."""
    body = {"lines": [{"sku": sku, "quantity": pieces} for sku, pieces in lines.items()], **more}
    order_id: str = buyer.post("/api/orders/orders", body)["order_id"]
    return order_id


def submit_together(market: Market, orders: list[dict[str, int]]) -> set[str]:
    """Submit orders of all dealers in parallel; return their ids."""
    buyers = list(market.buyers.values())
    with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
        sent = [pool.submit(submit, buyers[at % len(buyers)], lines) for at, lines in enumerate(orders)]
        return {submission.result() for submission in sent}


def assert_invariants_hold(deployed: Deployed) -> None:
    """Assert that the stored items break no invariant."""
    found = list(audit.findings(audit.read_stage(deployed.stage)))
    assert not found, "\n".join(map(str, found[:20]))


def test_forty_parallel_orders_reserve_exactly_five_available_pieces(deployed: Deployed) -> None:
    rounds = depth(1, 10)
    scarce = [f"RA-{number}" for number in range(rounds)]
    market = open_market(deployed, "RA", scarce, dealers=8)
    (warehouse,) = market.warehouses
    for number, sku in enumerate(scarce, 1):
        market.receive(warehouse, sku, {sku: 5})
        submit_together(market, [{sku: 1}] * 40)
        orders = eventually(lambda number=number: market.decided(40 * number), within=120)  # type: ignore[misc]
        assert sum(order["reserved"] for order in orders) == 5 * number
        assert sum(order["backordered"] for order in orders) == 35 * number
        assert market.counters(warehouse, [sku]) == [(0, 5)]
    assert_invariants_hold(deployed)


def test_long_orders_on_scarce_stock_are_decided_and_released_stock_fills_backorders(deployed: Deployed) -> None:
    orders, scarce, stock = depth(8, 100), 50, depth(5, 60)
    skus = [f"RH-{number:03d}" for number in range(500)]
    market = open_market(deployed, "RH", skus, dealers=10)
    (warehouse,) = market.warehouses
    goods = {sku: stock if number < scarce else 10 * orders for number, sku in enumerate(skus)}
    market.receive(warehouse, "RH-1", goods)

    order_ids = submit_together(market, [dict.fromkeys(skus, 1)] * orders)
    found = eventually(lambda: market.decided(orders), within=60 + 6 * orders)
    assert {order["order_id"] for order in found} == order_ids
    assert sum(order["reserved"] for order in found) == orders * (500 - scarce) + scarce * stock
    assert market.counters(warehouse, skus[:scarce]) == [(0, stock)] * scarce
    served = [order["order_id"] for order in found if not order["backordered"]]
    assert len(served) == stock, "scarce stock goes to whole orders, first come first served"
    assert_invariants_hold(deployed)

    for order_id in served[: orders - stock]:
        market.clerk.post(f"/api/orders/orders/{order_id}/cancel", {"reason": "不要了"})
    eventually(lambda: all(not order["backordered"] for order in market.orders()), within=60 + 6 * orders)
    assert market.counters(warehouse, skus[:scarce]) == [(0, stock)] * scarce
    assert_invariants_hold(deployed)


def test_stock_stays_correct_when_workers_are_killed_at_random(deployed: Deployed) -> None:
    orders, warehouses = depth(40, 500), 4
    skus = [f"RK-{number:02d}" for number in range(20)]
    market = open_market(deployed, "RK", skus, dealers=8, warehouses=warehouses)
    stock = orders // warehouses // 2
    for warehouse in market.warehouses:
        market.receive(warehouse, f"{warehouse}-1", {**dict.fromkeys(skus, 10 * orders), skus[0]: stock})

    finished, killed, draw = threading.Event(), 0, random.Random(7)

    def kill_at_draw() -> int:
        killed = 0
        while not finished.wait(draw.uniform(0.5, depth(3, 20))):
            killed += kill_reserving_workers()
        return killed

    with ThreadPoolExecutor(1) as killer:
        kills = killer.submit(kill_at_draw)
        order_lines = [{skus[0]: 1, draw.choice(skus[1:]): 2} for _ in range(orders)]
        order_ids = submit_together(market, order_lines)
        finished.set()
        killed = kills.result() + kill_reserving_workers()
    assert len(order_ids) == orders and killed

    found = eventually(lambda: market.decided(orders), within=240 + 2 * orders)
    assert {order["order_id"] for order in found} == order_ids
    assert sum(order["reserved"] for order in found) == orders * 2 + stock * warehouses
    for warehouse in market.warehouses:
        assert market.counters(warehouse, skus[:1]) == [(0, stock)]
    assert_invariants_hold(deployed)
