"""Those who wait, those in a hurry, and a warehouse that helps out, in the deployed system."""

from __future__ import annotations

from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market
from tests.deployed.test_reservations import nothing_is_wrong, submit
from tools.client import Api


def order_of(buyer: Api, order_id: str, *, reserved: int, backordered: int) -> Any:
    """The order, once so many pieces are held for it and so many lack."""

    def settled() -> Any:
        found = buyer.get(f"/api/orders/orders/{order_id}")
        return found if (found["reserved"], found["backordered"]) == (reserved, backordered) else None

    return eventually(settled, within=60)


def test_goods_that_come_in_go_to_those_who_wait_the_urgent_one_first_and_each_can_read_why(deployed: Deployed) -> None:
    market = open_market(deployed, "RU", ["RU-0"], dealers=2)
    (warehouse,), (patient, hurried) = market.warehouses, market.buyers.values()
    waits = submit(patient, {"RU-0": 4})
    order_of(patient, waits, reserved=0, backordered=4)
    urgent = submit(hurried, {"RU-0": 4}, urgent=True)
    order_of(hurried, urgent, reserved=0, backordered=4)

    market.receive(warehouse, "RU-1", {"RU-0": 5})

    assert order_of(hurried, urgent, reserved=4, backordered=0)["backordered_since"] is None
    order_of(patient, waits, reserved=1, backordered=3)
    told = patient.get(f"/api/orders/orders/{waits}/allocations")
    assert (told["queue_position"], told["queue_length"]) == (1, 1)
    ((grant,),) = [run["grants"] for run in told["allocations"]]
    assert {name: grant[name] for name in ("sku", "granted", "rule", "supply", "claimed", "rank", "queue_length")} == {
        "sku": "RU-0",
        "granted": 1,
        "rule": "first_come",
        "supply": 5,
        "claimed": 8,
        "rank": 2,
        "queue_length": 2,
    }
    heard = "order.backorders-filled.v1"
    eventually(
        lambda: heard in [one["event_type"] for one in patient.get("/api/notifications/inbox")["messages"]], within=60
    )
    assert market.counters(warehouse, ["RU-0"]) == [(0, 5)]
    nothing_is_wrong(deployed)


def test_what_home_lacks_is_served_by_the_warehouse_published_to_help_out(deployed: Deployed) -> None:
    market = open_market(deployed, "RV", ["RV-0"], dealers=1)
    (home,), (buyer,) = market.warehouses, market.buyers.values()
    body = {"alternates": ["RVX"], "reason": "就近", "version": 0}
    deployed.api("admin").put(f"/api/orders/warehouses/{home}/sourcing-rule", body)
    market.receive("RVX", "RV-1", {"RV-0": 3})

    served = order_of(buyer, submit(buyer, {"RV-0": 2}), reserved=2, backordered=0)

    assert (served["warehouse"], [one["warehouse"] for one in served["sourcing"]]) == ("RVX", [home, "RVX"])
    assert market.counters("RVX", ["RV-0"]) == [(1, 2)]
    nothing_is_wrong(deployed)
