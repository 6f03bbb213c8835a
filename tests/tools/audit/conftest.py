"""Fixture of the audit's tests: a table with orders, money, tickets and messages in every state."""

from __future__ import annotations

from typing import Any

import pytest

from tests.authorization.town import OWN, WAREHOUSE, Town
from tests.support import world as worlds
from tests.tools.audit.table import TableCopy


@pytest.fixture(scope="session")
def healthy_table() -> TableCopy:
    """The table of a system in which no invariant is broken; tests must not change it."""
    with worlds.opened(fast=True) as world:
        town = Town(world)
        town.build()
        _add_more_states(town)
        return TableCopy(dict(world.cloud.rows()), town.things, world.clock.moment)


@pytest.fixture
def table(healthy_table: TableCopy) -> TableCopy:
    """A copy of the healthy table that the test may damage."""
    return healthy_table.copy()


def _add_more_states(town: Town) -> None:
    for order in town.world.items("ORDERS#"):
        if order["kind"] == "order" and order["reserved"]:  # two weeks have passed, and reservations would expire
            path = f"/orders/{order['order_id']}/extend-reservation"
            town.do("orders", "POST", path, {"reason": "r"}, role="assistant")
    _submit(town, "order of all", 5, shortage_policy="all_or_nothing")
    _submit(town, "order of nothing", 20_000, shortage_policy="all_or_nothing")
    _submit(town, "order that waits", 20_000, shortage_policy="wait")
    done = _submit(town, "order done", 2)
    town.do("orders", "POST", f"/orders/{done}/holds/credit/release", {"reason": "r"}, role="finance")
    town.do("orders", "POST", f"/orders/{done}/approve", {"note": ""}, role="assistant")
    town.do("orders", "POST", f"/orders/{done}/shipments", {"carrier": "c", "waybill": "w"}, role="warehouse")
    receipt = {"warehouse": WAREHOUSE, "reference": "DN-2", "lines": [{"sku": "L4", "quantity": 1}]}
    town.do("orders", "POST", "/stock/goods-receipts", receipt, role="warehouse")
    for action in ("cancel", "reject"):
        path = f"/orders/{town.things[f'order to {action}', OWN]}/{action}"
        town.do("orders", "POST", path, {"reason": "r"}, role="assistant")
    path = f"/journals/{town.things['journal to reverse', OWN]}/reversal"
    town.do("reconciliation", "POST", path, {"reason": "r"}, role="finance")
    town.do("notifications", "POST", f"/inbox/{town.things['message of dealer_buyer', OWN]}/read", role="dealer_buyer")
    ticket = town.things["ticket asked about", OWN]
    town.do("tickets", "POST", f"/tickets/{ticket}/answer", {"answer": "a"}, role="dealer_buyer")


def _submit(town: Town, name: str, quantity: int, **more: Any) -> str:
    body = {"lines": [{"sku": "L3", "quantity": quantity}], **more}
    order_id: str = town.do("orders", "POST", "/orders", body, role="dealer_buyer")["order_id"]
    town.things[name, OWN] = order_id
    return order_id
