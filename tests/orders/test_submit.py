"""Submitting orders: numbers, repeats, refusals, prices."""

from __future__ import annotations

from contracts.catalog import PriceListItem, PricePageItem, price_list_key, price_page_key
from contracts.dealers import DealerItem, dealer_key
from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.support import fixtures as shop
from tests.support.fixtures import counters, open_shop, order_of


def test_order_numbers_count_per_dealer_without_a_gap(client: OrdersClient) -> None:
    open_shop()
    assert [client.accepted(order_of((1, 1))) for _ in range(3)] == [f"D0001-00000{number}" for number in (1, 2, 3)]
    assert client.accepted(order_of((1, 1)), dealer="D0002") == "D0002-000001"


def test_repeated_submit_answers_the_same_with_one_order(client: OrdersClient) -> None:
    open_shop()
    first = client.submit(order_of((1, 10)), key="once")
    again = client.submit(order_of((1, 10)), key="once")
    client.world.drain()
    late = client.submit(order_of((1, 10)), key="once")
    assert first.json == again.json == late.json
    assert counters(1) == (90, 10)
    listed = client.world.call(
        "orders", "GET", "/orders", token=client.world.token(role="dealer_buyer", dealer_id="D0001")
    )
    assert [one["order_id"] for one in listed.json["orders"]] == [first.json["order_id"]]


def test_repeated_submit_answers_the_same_when_it_would_now_be_refused(client: OrdersClient) -> None:
    open_shop()
    first = client.submit(order_of((1, 10)), key="once")
    shop.change_product(1, status="discontinued")
    assert client.submit(order_of((1, 10)), key="once").json == first.json
    assert client.submit(order_of((1, 10)), key="other").status == 422


def test_submit_is_refused_when_the_key_belongs_to_another_order(client: OrdersClient) -> None:
    open_shop()
    client.submit(order_of((1, 10)), key="once")
    refused = client.submit(order_of((1, 11)), key="once")
    assert (refused.status, refused.json["code"]) == (422, "idempotency-key-reused")


def test_submit_names_every_line_problem_and_writes_nothing(client: OrdersClient) -> None:
    open_shop(products=2)
    before = client.world.snapshot()
    refused = client.submit(
        {"lines": [{"sku": "NOPE", "quantity": 1}, {"sku": "L00001", "quantity": 1}, {"sku": "X", "quantity": 2}]}
    )
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == ["lines.0.sku", "lines.2.sku"]
    assert client.world.snapshot() == before


def test_quantity_break_counts_a_sku_over_all_lines(client: OrdersClient) -> None:
    open_shop()
    page = PricePageItem.get(*price_page_key(shop.PRICE_LIST, 1, 0))
    page.prices = {**page.prices, "1": {"unit_price": "12.50", "price_policy": "P1", "breaks": [[20, "10.00"]]}}
    page.save()
    lines = client.show(client.accepted(order_of((1, 12), (2, 12), (1, 8)))).json["lines"]
    assert [line["unit_price"] for line in lines] == ["10.00", "12.50", "10.00"]
    just_below = client.show(client.accepted(order_of((1, 12), (1, 7)))).json["lines"]
    assert [line["unit_price"] for line in just_below] == ["12.50", "12.50"]


def test_price_list_is_valid_on_its_last_day_only(client: OrdersClient) -> None:
    open_shop()
    price_list = PriceListItem.get(*price_list_key(shop.PRICE_LIST))
    price_list.valid_to = "2026-11-23"
    price_list.save()
    assert client.submit(order_of((1, 1))).status == 202
    client.world.clock.advance(days=1)
    refused = client.submit(order_of((1, 1)))
    assert (refused.status, refused.json["code"]) == (409, "no-valid-price-list")
    assert committed_fen() == 1_250, "what was refused commits nothing"


def test_suspended_dealer_is_refused_and_gets_no_order_number(client: OrdersClient) -> None:
    open_shop()
    dealer = DealerItem.get(*dealer_key("D0001"))
    dealer.status = "suspended"
    dealer.save()
    assert client.submit(order_of((1, 1))).json["code"] == "dealer-not-active"


def test_order_of_another_dealer_is_not_found(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10)))
    foreign = client.show(order_id, dealer="D0002")
    missing = client.show("D0001-000099", dealer="D0002")
    assert (foreign.status, foreign.json) == (missing.status, missing.json)
    assert foreign.status == 404


def test_order_stores_the_sku_of_the_product_however_it_is_written(client: OrdersClient) -> None:
    open_shop()
    written = ("l00001", "Ｌ００００１", " L00001 ", "L0 0001")
    order_id = client.accepted({"lines": [{"sku": sku, "quantity": 1} for sku in written]})
    assert {line["sku"] for line in client.show(order_id).json["lines"]} == {"L00001"}
    assert client.show(order_id.lower()).json["order_id"] == order_id
