"""Stock under parallel orders and dying workers, in the deployed system: a share in every run, all in `make soak`."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import Market, kill_reserving_workers, open_market
from tests.depth import depth
from tools import audit
from tools.client import Api

#: Parallel requests; the emulator works off few at the same time anyway.
_AT_ONCE = 8


def submit(buyer: Api, lines: dict[str, int], **more: Any) -> str:
    """An order; its id."""
    body = {"lines": [{"sku": sku, "quantity": pieces} for sku, pieces in lines.items()], **more}
    order_id: str = buyer.post("/api/orders/orders", body)["order_id"]
    return order_id


def submit_together(market: Market, orders: list[dict[str, int]]) -> set[str]:
    """Orders of all dealers at once; their ids."""
    buyers = list(market.buyers.values())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sent = [pool.submit(submit, buyers[at % len(buyers)], lines) for at, lines in enumerate(orders)]
        return {one.result() for one in sent}


def nothing_is_wrong(deployed: Deployed) -> None:
    """No invariant is broken by anything that stands in the table."""
    found = list(audit.findings(audit.read_stage(deployed.stage)))
    assert not found, "\n".join(map(str, found[:20]))


def test_of_forty_parallel_orders_for_five_pieces_exactly_five_get_one(deployed: Deployed) -> None:
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
    nothing_is_wrong(deployed)


def test_long_orders_on_hot_goods_are_all_settled_and_what_is_freed_goes_to_those_who_wait(deployed: Deployed) -> None:
    orders, hot, stock = depth(8, 100), 50, depth(5, 60)
    skus = [f"RH-{number:03d}" for number in range(500)]
    market = open_market(deployed, "RH", skus, dealers=10)
    (warehouse,) = market.warehouses
    goods = {sku: stock if number < hot else 10 * orders for number, sku in enumerate(skus)}
    market.receive(warehouse, "RH-1", goods)

    order_ids = submit_together(market, [dict.fromkeys(skus, 1)] * orders)
    found = eventually(lambda: market.decided(orders), within=60 + 6 * orders)
    assert {order["order_id"] for order in found} == order_ids
    assert sum(order["reserved"] for order in found) == orders * (500 - hot) + hot * stock
    assert market.counters(warehouse, skus[:hot]) == [(0, stock)] * hot
    served = [order["order_id"] for order in found if not order["backordered"]]
    assert len(served) == stock, "hot goods go to whole orders, first come first served"
    nothing_is_wrong(deployed)

    for order_id in served[: orders - stock]:
        market.clerk.post(f"/api/orders/orders/{order_id}/cancel", {"reason": "不要了"})
    eventually(lambda: all(not order["backordered"] for order in market.orders()), within=60 + 6 * orders)
    assert market.counters(warehouse, skus[:hot]) == [(0, stock)] * hot
    nothing_is_wrong(deployed)


def test_nothing_is_lost_or_sold_twice_though_workers_are_killed_at_random(deployed: Deployed) -> None:
    orders, warehouses = depth(40, 500), 4
    skus = [f"RK-{number:02d}" for number in range(20)]
    market = open_market(deployed, "RK", skus, dealers=8, warehouses=warehouses)
    stock = orders // warehouses // 2
    for warehouse in market.warehouses:
        market.receive(warehouse, f"{warehouse}-1", {**dict.fromkeys(skus, 10 * orders), skus[0]: stock})

    over, killed, draw = threading.Event(), 0, random.Random(7)

    def kill_now_and_then() -> int:
        killed = 0
        while not over.wait(draw.uniform(0.5, depth(3, 20))):
            killed += kill_reserving_workers()
        return killed

    with ThreadPoolExecutor(1) as killer:
        kills = killer.submit(kill_now_and_then)
        wanted = [{skus[0]: 1, draw.choice(skus[1:]): 2} for _ in range(orders)]
        order_ids = submit_together(market, wanted)
        over.set()
        killed = kills.result() + kill_reserving_workers()
    assert len(order_ids) == orders and killed

    found = eventually(lambda: market.decided(orders), within=240 + 2 * orders)
    assert {order["order_id"] for order in found} == order_ids
    assert sum(order["reserved"] for order in found) == orders * 2 + stock * warehouses
    for warehouse in market.warehouses:
        assert market.counters(warehouse, skus[:1]) == [(0, stock)]
    nothing_is_wrong(deployed)
