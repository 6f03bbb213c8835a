"""Business doubles: purchase orders, waybills and delivery notes that come twice are asked about, and confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.credit.receivables import MOST_DEBTS, Debt, pack_debts
from services.orders.doubles import CONFIRM, recall, remember
from services.orders.intake.purchase_orders import MOST_REMEMBERED
from services.orders.order.items import HeaderItem, order_part_key
from tests.orders.client import OrdersClient
from tests.support.fixtures import counters, open_shop, order_of
from tests.support.functions import load_apps
from tests.support.gateway import Response
from tests.support.read_units import item_bytes


class Number(NamedTuple):
    """Kind of number: its route and field, and how a document with it is sent."""

    route: str
    field: str
    send: Callable[[OrdersClient, dict[str, Any], str | None], Response]
    existing: str


def _submit(client: OrdersClient, fields: dict[str, Any], key: str | None) -> Response:
    return client.submit(order_of((1, 2), **fields), key=key)


def _ship(client: OrdersClient, fields: dict[str, Any], key: str | None) -> Response:
    body = {"carrier": "顺丰", "lines": [{"line_no": 1, "quantity": 2}], **fields}
    return client.act("D0001-000001", "shipments", body, role="warehouse", key=key)


def _receive(client: OrdersClient, fields: dict[str, Any], key: str | None) -> Response:
    body = {"warehouse": "GZ", "lines": [{"sku": "L00001", "quantity": 2}], **fields}
    token = client.world.token(role="warehouse")
    client.keys += 1
    key = key or f"receipt-{client.keys}"
    return client.world.call("orders", "POST", "/stock/goods-receipts", body=body, token=token, key=key)


NUMBERS = [
    Number("POST /orders", "purchase_order", _submit, "D0001-000002"),
    Number("POST /orders/{order_id}/shipments", "waybill", _ship, "D0001-000001-S01"),
    Number("POST /stock/goods-receipts", "reference", _receive, "AB-01"),
]
SPELLINGS = ("AB-01", "ab-01", " ＡＢ－01 ", "AB —01")


@pytest.fixture
def shop(client: OrdersClient) -> OrdersClient:
    """Shop with one order that may be shipped in parts."""
    open_shop()
    client.approved(order_of((1, 50)))
    return client


def test_every_route_with_a_confirmation_is_tested() -> None:
    declared = {
        f"{operation.method} {operation.path}"
        for operation in load_apps()[0]["orders"].operations
        if operation.body is not None and CONFIRM in operation.body.model_fields
    }
    assert declared - {"POST /orders/quote"} == {number.route for number in NUMBERS}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.field)
def test_double_is_asked_about_and_changes_nothing(shop: OrdersClient, number: Number) -> None:
    assert number.send(shop, {number.field: "AB-01"}, "first").status in {201, 202}
    shop.world.drain()
    before = shop.world.snapshot()
    for written in SPELLINGS:
        asked = number.send(shop, {number.field: written}, None)
        assert (asked.status, asked.json["code"]) == (409, "possible-double")
        assert asked.json["existing"] == {"id": number.existing, "day": "2026-11-23", "pieces": 2}
        assert [problem["field"] for problem in asked.json["errors"]] == [number.field]
        assert number.existing in asked.json["detail"] and f'"{CONFIRM}": true' in asked.json["detail"]
    assert shop.world.snapshot() == before
    assert number.send(shop, {number.field: "AB-02"}, None).status in {201, 202}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.field)
def test_confirmed_double_goes_on_once_and_names_what_it_doubles(shop: OrdersClient, number: Number) -> None:
    first = number.send(shop, {number.field: "AB-01"}, "first")
    confirmed = {number.field: "ab-01", CONFIRM: True}
    answer = number.send(shop, confirmed, "second")
    assert answer.status == first.status
    assert number.send(shop, confirmed, "second").json == answer.json
    assert number.send(shop, {number.field: "AB-01"}, "first").json == first.json
    shop.world.drain()
    third = number.send(shop, {number.field: "AB-01"}, None)
    assert third.json["code"] == "possible-double"
    assert third.json["existing"]["id"] != number.existing, "the newest is named"
    before = shop.world.snapshot()
    shop.world.redeliver_everything()
    assert shop.world.snapshot() == before


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.field)
def test_confirmation_of_a_new_number_changes_nothing_else(shop: OrdersClient, number: Number) -> None:
    answer = number.send(shop, {number.field: "AB-01", CONFIRM: True}, None)
    assert answer.status in {201, 202}
    assert answer.json.get("double_of") is None


def test_review_queue_and_order_show_the_doubled_order(shop: OrdersClient) -> None:
    _submit(shop, {"purchase_order": "AB-01"}, None)
    order_id = _submit(shop, {"purchase_order": "ab-01", CONFIRM: True}, None).json["order_id"]
    shop.world.drain()
    assert shop.show(order_id).json["double_of"] == "D0001-000002"
    queue = shop.world.call("orders", "GET", "/review-queue", token=shop.world.token(role="assistant")).json["orders"]
    shown = {order["order_id"]: order["double_of"] for order in queue}
    assert shown == {"D0001-000002": None, order_id: "D0001-000002"}


def test_shipments_show_the_doubled_shipment_unless_it_is_void(shop: OrdersClient) -> None:
    _ship(shop, {"waybill": "AB-01"}, None)
    assert _ship(shop, {"waybill": "AB-01", CONFIRM: True}, None).json["double_of"] == "D0001-000001-S01"
    assert [one["double_of"] for one in shop.shipments("D0001-000001")] == [None, "D0001-000001-S01"]
    for shipment in ("S02", "S01"):
        voided = shop.act(
            "D0001-000001", f"shipments/D0001-000001-{shipment}/void", {"reason": "未装车"}, role="warehouse"
        )
        assert voided.status == 200, voided.json
    assert _ship(shop, {"waybill": "AB-01"}, None).json["double_of"] is None


def test_confirmed_delivery_note_adds_its_goods(shop: OrdersClient) -> None:
    available, _ = counters(1)
    _receive(shop, {"reference": "AB-01"}, None)
    for doubled in ("AB-01", "AB-01#2", "AB-01#3"):
        assert _receive(shop, {"reference": "AB-01", CONFIRM: True}, None).json["double_of"] == doubled
    assert _receive(shop, {"reference": "AB-01#2"}, None).json["double_of"] is None, "a note that contains a sign"
    assert counters(1)[0] == available + 10


def test_purchase_order_of_an_order_that_came_to_nothing_is_free(shop: OrdersClient) -> None:
    for action in ("cancel", "reject"):
        order_id = _submit(shop, {"purchase_order": "AB-01"}, None).json["order_id"]
        shop.world.drain()
        assert shop.act(order_id, action, {"reason": "改单"}).status == 200
    assert _submit(shop, {"purchase_order": "AB-01"}, None).status == 202
    other = shop.submit(order_of((1, 1), purchase_order="AB-01"), dealer="D0002")
    assert other.status == 202, "another dealer has its own numbers"


def test_remembered_numbers_keep_account_and_header_within_one_unit(shop: OrdersClient) -> None:
    for number in range(MOST_REMEMBERED + 5):
        assert shop.submit(order_of((1, 1), purchase_order=f"采购-{number:056}", urgent=number == 0)).status == 202
    account = OrderingAccountItem.get(*ordering_account_key("D0001"))
    account.debts = pack_debts(Debt(f"2026-11-{day + 1:02}", 10**11) for day in range(MOST_DEBTS))
    account.committed_fen = account.accepted_fen = account.accepted_overdue_fen = 10**12
    account.accepted_overdue_on = "2026-12-01"
    assert item_bytes(account.serialize()) <= 1_024
    assert shop.submit(order_of((1, 1), purchase_order=f"采购-{5:056}")).json["code"] == "possible-double"
    assert shop.submit(order_of((1, 1), purchase_order=f"采购-{4:056}")).status == 202, "the oldest are forgotten"
    for number in range(20):
        body = {"carrier": "顺丰", "waybill": f"W-{number}", "lines": [{"line_no": 1, "quantity": 1}]}
        assert shop.act("D0001-000001", "shipments", body, role="warehouse").status == 201
    header = HeaderItem.get(*order_part_key("HEADER", "D0001-000001"))
    assert item_bytes(header.serialize()) <= 1_024


@given(st.lists(st.tuples(st.sampled_from(["AB-01", "ab -01", "C", "ｃ"]), st.integers(1, 2**31)), max_size=30))
def test_recall_finds_the_recent_documents_of_a_number(sent: list[tuple[str, int]]) -> None:
    remembered: bytes | None = None
    for number, document in sent:
        remembered = remember(remembered, number, document, most=10)
    recent = [document for number, document in sent[-10:] if number.startswith(("A", "a"))]
    assert recall(remembered, "ＡＢ-01") == recent[::-1]
