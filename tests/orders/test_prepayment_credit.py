"""Credit of a dealer that pays before its first order."""

from __future__ import annotations

from tests.support.fixtures import open_shop, order_of
from tests.support.world import World


def test_prepayment_raises_the_credit_of_the_first_order(world: World) -> None:
    open_shop(unit_price="10.00", credit_limit_fen=10_000)
    buyer, finance = world.token(role="dealer_buyer", dealer_id="D0001"), world.token(role="finance")
    money = {"dealer_id": "D0001", "amount_fen": 5_000, "received_on": "2026-11-23", "bank_reference": "B1"}
    assert world.call("reconciliation", "POST", "/payments", body=money, token=finance, key="money").status == 201
    world.drain()
    within = world.call("orders", "POST", "/orders", body=order_of((1, 15)), token=buyer, key="first")
    assert within.status == 202 and within.json["holds"] == [], within.text
    beyond = world.call("orders", "POST", "/orders", body=order_of((2, 1)), token=buyer, key="second")
    assert beyond.status == 202 and beyond.json["holds"] == ["credit"], beyond.text
