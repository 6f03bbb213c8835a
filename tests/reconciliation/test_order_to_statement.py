"""Test of an order from its submission to the statement, through both services and the event bus."""

from __future__ import annotations

from typing import Any

from tests.support.fixtures import open_shop, order_of
from tests.support.world import World


def test_order_shipped_in_parts_is_on_the_statement_in_full(world: World) -> None:
    open_shop(unit_price="99.99")
    buyer, clerk = world.token(role="dealer_buyer", dealer_id="D0001"), world.token(role="assistant")

    def post(path: str, body: dict[str, Any], token: str) -> Any:
        answer = world.call("orders", "POST", path, body=body, token=token, key=f"{path} {len(world.delivered)}")
        assert answer.status < 300, answer.text
        world.drain()
        return answer.json

    order = post("/orders", order_of((1, 3), (2, 7)), buyer)
    post(f"/orders/{order['order_id']}/approve", {}, clerk)
    for waybill, lines in (("SF1", [{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 2}]), ("SF2", None)):
        post(f"/orders/{order['order_id']}/shipments", {"carrier": "顺丰", "waybill": waybill, "lines": lines}, clerk)
    accountant = world.token(role="dealer_accountant", dealer_id="D0001")
    statement = world.call("reconciliation", "GET", "/statement", token=accountant).json
    assert (len(statement["lines"]), statement["closing_fen"]) == (2, order["gross_fen"])
    balance = world.call("reconciliation", "GET", "/trial-balance", token=world.token(role="finance")).json
    accounts = {account["account"]: account["debit_fen"] - account["credit_fen"] for account in balance["accounts"]}
    assert accounts == {
        "receivable": order["gross_fen"],
        "bank": 0,
        "sales": -order["net_fen"],
        "output_tax": -order["tax_fen"],
    }
    before = world.snapshot()
    world.redeliver_everything()
    assert world.snapshot() == before
