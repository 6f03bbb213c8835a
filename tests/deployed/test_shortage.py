"""Backorders, urgent orders and sourcing from an alternate warehouse, in the deployed system."""

from __future__ import annotations

from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market
from tests.deployed.test_reservations import assert_invariants_hold, submit
from tools.client import Api
from tools.imports import publish_warehouses


def order_of(buyer: Api, order_id: str, *, reserved: int, backordered: int) -> Any:
    """Return the order once it has this many reserved and backordered pieces."""

    def read() -> Any:
        found = buyer.get(f"/api/orders/orders/{order_id}")
        return found if (found["reserved"], found["backordered"]) == (reserved, backordered) else None

    return eventually(read, within=60)


def test_received_stock_fills_backorders_urgent_first_with_readable_reasons(deployed: Deployed) -> None:
    market = open_market(deployed, "RU", ["RU-0"], dealers=2)
    (warehouse,), (normal_buyer, urgent_buyer) = market.warehouses, market.buyers.values()
    normal = submit(normal_buyer, {"RU-0": 4})
    order_of(normal_buyer, normal, reserved=0, backordered=4)
    urgent = submit(urgent_buyer, {"RU-0": 4}, urgent=True)
    order_of(urgent_buyer, urgent, reserved=0, backordered=4)

    market.receive(warehouse, "RU-1", {"RU-0": 5})

    assert order_of(urgent_buyer, urgent, reserved=4, backordered=0)["backordered_since"] is None
    order_of(normal_buyer, normal, reserved=1, backordered=3)
    shown = normal_buyer.get(f"/api/orders/orders/{normal}/allocations")
    assert (shown["queue_position"], shown["queue_length"]) == (1, 1)
    ((grant,),) = [run["grants"] for run in shown["allocations"]]
    assert {
        name: grant[name] for name in ("sku", "granted", "rule", "supply", "claimed", "queue_position", "queue_length")
    } == {
        "sku": "RU-0",
        "granted": 1,
        "rule": "first_come",
        "supply": 5,
        "claimed": 8,
        "queue_position": 2,
        "queue_length": 2,
    }
    event_type = "order.backorders-filled.v1"
    eventually(
        lambda: (
            event_type
            in [message["event_type"] for message in normal_buyer.get("/api/notifications/inbox")["messages"]]
        ),
        within=60,
    )
    assert market.counters(warehouse, ["RU-0"]) == [(0, 5)]
    assert_invariants_hold(deployed)


def test_alternate_warehouse_serves_order_when_home_lacks_stock(deployed: Deployed) -> None:
    market = open_market(deployed, "RV", ["RV-0"], dealers=1)
    (home,), (buyer,) = market.warehouses, market.buyers.values()
    publish_warehouses(deployed.api("admin"), {"RVX": "备选仓 / Alternate"})
    body = {"alternates": ["RVX"], "reason": "就近", "version": 0}
    deployed.api("admin").put(f"/api/orders/warehouses/{home}/sourcing-rule", body)
    market.receive("RVX", "RV-1", {"RV-0": 3})

    served = order_of(buyer, submit(buyer, {"RV-0": 2}), reserved=2, backordered=0)

    assert (served["warehouse"], [candidate["warehouse"] for candidate in served["sourcing"]]) == ("RVX", [home, "RVX"])
    assert market.counters("RVX", ["RV-0"]) == [(1, 2)]
    assert_invariants_hold(deployed)
