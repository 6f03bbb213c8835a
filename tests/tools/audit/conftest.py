"""Fixture of the audit's tests: a table with orders, money, tickets and messages in every state."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import world as worlds
from tests.support.company import SampleCompany
from tests.support.company_data import OWN, WAREHOUSE
from tests.tools.audit.table import TableCopy


@pytest.fixture(scope="session")
def healthy_table() -> TableCopy:
    """The table of a system in which no invariant is broken; tests must not change it."""
    with worlds.opened(fast=True) as world:
        company = SampleCompany(world)
        company.build()
        _add_more_states(company)
        company.send_waiting_texts()
        return TableCopy(dict(world.cloud.rows()), company.ids, world.clock.moment)


@pytest.fixture
def table(healthy_table: TableCopy) -> TableCopy:
    """A copy of the healthy table that the test may damage."""
    return healthy_table.copy()


def _add_more_states(company: SampleCompany) -> None:
    for order in company.world.items("ORDERS#"):
        if order["kind"] == "order" and order["reserved"]:  # two weeks have passed, and reservations would expire
            path = f"/orders/{order['order_id']}/extend-reservation"
            company.send_and_drain("orders", "POST", path, {"reason": "r"}, role="assistant")
    _submit(company, "order of all", 5, shortage_policy="all_or_nothing")
    nothing = _submit(company, "order of nothing", 20_000, shortage_policy="all_or_nothing")
    waits = _submit(company, "order that waits", 20_000, shortage_policy="wait")
    done = _submit(company, "order done", 2)
    for order_id in (nothing, waits):
        path = f"/orders/{order_id}/holds/credit/release"
        company.send_and_drain("orders", "POST", path, {"reason": "r"}, role="finance")
    company.send_and_drain("orders", "POST", f"/orders/{done}/approve", {"note": ""}, role="assistant")
    company.send_and_drain(
        "orders", "POST", f"/orders/{done}/shipments", {"carrier": "c", "waybill": "w"}, role="warehouse"
    )
    receipt = {"warehouse": WAREHOUSE, "reference": "DN-2", "lines": [{"sku": "L4", "quantity": 1}]}
    company.send_and_drain("orders", "POST", "/stock/goods-receipts", receipt, role="warehouse")
    for action in ("cancel", "reject"):
        path = f"/orders/{company.ids[f'order to {action}', OWN]}/{action}"
        company.send_and_drain("orders", "POST", path, {"reason": "r"}, role="assistant")
    path = f"/journals/{company.ids['journal to reverse', OWN]}/reversal"
    company.send_and_drain("reconciliation", "POST", path, {"reason": "r"}, role="finance")
    company.send_and_drain(
        "notifications", "POST", f"/inbox/{company.ids['message of dealer_buyer', OWN]}/read", role="dealer_buyer"
    )
    ticket = company.ids["ticket asked about", OWN]
    company.send_and_drain("tickets", "POST", f"/tickets/{ticket}/answer", {"answer": "a"}, role="dealer_buyer")


def _submit(company: SampleCompany, name: str, quantity: int, **more: Any) -> str:
    body = {"lines": [{"sku": "L3", "quantity": quantity}], **more}
    order_id: str = company.send_and_drain("orders", "POST", "/orders", body, role="dealer_buyer")["order_id"]
    company.ids[name, OWN] = order_id
    return order_id
