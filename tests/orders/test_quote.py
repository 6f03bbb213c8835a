"""Quotes: a cart with prices, stock and credit before it is submitted."""

from __future__ import annotations

from typing import Any

from contracts.catalog import PricePageItem, price_page_key
from contracts.dealers import DealerItem, dealer_key
from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import FRIDAY, MONDAY, NEXT_MONDAY, THURSDAY, WEDNESDAY, expect
from tests.support import fixtures as shop
from tests.support.fixtures import open_shop, order_of, sku


def quote(client: OrdersClient, body: Any, **more: Any) -> Any:
    answer = client.quote(body, **more)
    assert answer.status == 200, answer.json
    return answer.json


def test_quote_shows_what_the_submitted_order_then_has(client: OrdersClient) -> None:
    open_shop(stock=20)
    page = PricePageItem.get(*price_page_key(shop.PRICE_LIST, 1, 0))
    page.prices = {**page.prices, "1": {"unit_price": "12.50", "price_policy": "P1", "breaks": [[20, "10.01"]]}}
    page.save()
    body = order_of((1, 12), (2, 7), (1, 13))
    quoted = quote(client, body)
    confirmation = client.submit(body).json
    client.world.drain()
    order = client.show(confirmation["order_id"]).json
    totals = ("pieces", "gross_fen", "net_fen", "tax_fen", "line_count", "warehouse")
    assert {name: quoted[name] for name in totals} == {name: confirmation[name] for name in totals}
    for name in ("line_no", "sku", "name_zh", "unit_price", "price_policy", "gross_fen", "tax_fen"):
        assert [line[name] for line in quoted["lines"]] == [line[name] for line in order["lines"]], name
    assert [line["from_stock"] for line in quoted["lines"]] == [line["reserved"] for line in order["lines"]]
    assert [line["list_price"] for line in quoted["lines"]] == ["12.50"] * 3
    assert (quoted["orderable"], quoted["obstacles"]) == (True, [])
    assert quoted["credit"]["left_fen"] == quoted["credit"]["limit_fen"] - quoted["gross_fen"]
    assert quote(client, body)["credit"]["used_fen"] == quoted["gross_fen"]


def test_quote_writes_nothing_and_needs_no_key(client: OrdersClient) -> None:
    open_shop(stock=5)
    client.accepted(order_of((1, 9)))
    before = client.world.snapshot()
    assert quote(client, order_of((1, 3), (2, 9), urgent=True, purchase_order="PO-1"))["orderable"]
    assert client.world.snapshot() == before


def test_line_that_cannot_be_ordered_is_shown_with_its_problem(client: OrdersClient) -> None:
    open_shop()
    shop.change_product(2, status="discontinued", successor="L00003")
    shop.change_product(4, order_multiple=12)
    body = {"lines": [{"sku": "NOPE", "quantity": 1}, *order_of((1, 3), (2, 5), (4, 5))["lines"]]}  # type: ignore[misc]
    quoted = quote(client, body)
    assert [[problem["code"] for problem in line["problems"]] for line in quoted["lines"]] == [
        ["unknown-sku"],
        [],
        ["discontinued"],
        ["not-a-multiple"],
    ]
    refused = client.submit(body).json["errors"]
    shown = [problem for line in quoted["lines"] for problem in line["problems"]]
    assert [(one["field"], one["code"], one["detail"]) for one in shown] == [
        (one["field"], one["code"], one["detail"]) for one in refused
    ]
    unknown, _, discontinued, uneven = quoted["lines"]
    assert (unknown["name_zh"], unknown["status"], unknown["gross_fen"], unknown["available"]) == (None, None, None, 0)
    assert (discontinued["status"], discontinued["successor"], discontinued["unit_price"]) == (
        "discontinued",
        "L00003",
        "12.50",
    )
    assert (uneven["order_multiple"], uneven["available"]) == (12, 100)
    assert (quoted["orderable"], quoted["line_count"], quoted["pieces"]) == (False, 1, 3)
    assert quoted["gross_fen"] == 3 * 1_250


def test_quote_promises_stock_and_expected_pieces_behind_the_backorder_queue(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (1, 10), (2, 5))
    expect(client, "PO-2", FRIDAY, (1, 8))
    client.accepted(order_of((1, 10)))  # has four, waits for six
    first, second, other, never = quote(client, order_of((1, 4), (1, 5), (2, 6), (3, 9)))["lines"]
    assert (first["available"], first["from_stock"], first["rest"], first["rest_on"]) == (0, 0, 4, THURSDAY)
    assert (second["from_stock_on"], second["rest"], second["rest_on"]) == (None, 5, NEXT_MONDAY)
    assert (other["available"], other["from_stock"], other["from_stock_on"]) == (4, 4, MONDAY)
    assert (other["rest"], other["rest_on"]) == (2, THURSDAY)
    assert (never["from_stock"], never["rest"], never["rest_on"]) == (4, 5, None)


def test_quote_counts_the_backorders_of_the_warehouse_that_a_dealer_has_now(client: OrdersClient) -> None:
    open_shop(stock=4)
    client.accepted(order_of((1, 10)))  # waits for six
    for warehouse in ("GZ", "SH"):
        assert client.receive(f"GR-{warehouse}", (sku(1), 5), warehouse=warehouse).status == 201
    dealer = DealerItem.get(*dealer_key("D0001"))
    for warehouse, available in (("SH", 5), ("GZ", 0), ("GZ", 0), ("SH", 5)):
        dealer.update(actions=[DealerItem.warehouse.set(warehouse)])
        (line,) = quote(client, order_of((1, 4)))["lines"]
        assert line["available"] == available


def test_quote_names_what_would_stop_the_order(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=100_000)
    client.submit(order_of((1, 1), urgent=True, purchase_order="PO-1"))
    for _ in range(4):  # grade A: five urgent orders a week
        client.submit(order_of((1, 1), urgent=True))
    dealer = DealerItem.get(*dealer_key("D0001"))
    dealer.status = "suspended"
    dealer.save()
    quoted = quote(client, order_of((1, 90), urgent=True, purchase_order="po-1"))
    codes = [obstacle["code"] for obstacle in quoted["obstacles"]]
    assert codes == ["dealer-not-active", "credit-hold", "urgent-quota-used", "possible-double"]
    assert quoted["credit"]["left_fen"] < 0
    assert all(" / " in obstacle["detail"] for obstacle in quoted["obstacles"])


def test_quote_names_an_address_that_the_dealer_does_not_have(client: OrdersClient) -> None:
    open_shop()
    quoted = quote(client, order_of((1, 1), address_id="A9"))
    assert [obstacle["code"] for obstacle in quoted["obstacles"]] == ["unknown-address"]
    assert client.submit(order_of((1, 1), address_id="A9")).json["errors"][0]["code"] == "unknown-address"


def test_staff_quote_for_the_dealer_they_name(client: OrdersClient) -> None:
    open_shop()
    mine = quote(client, order_of((1, 3)))
    named = order_of((1, 3), dealer_id="d0001")
    for again in (quote(client, named, role="assistant"), quote(client, named)):
        assert again | {"as_of": mine["as_of"]} == mine
    assert client.quote(order_of((1, 3), dealer_id="D0002")).status == 404
    for body, code in ((order_of((1, 3)), "missing"), (order_of((1, 3), dealer_id="D9999"), "unknown-dealer")):
        refused = client.quote(body, role="assistant")
        assert (refused.status, [problem["code"] for problem in refused.json["errors"]]) == (422, [code])


def test_quote_takes_a_cart_of_a_thousand_lines(client: OrdersClient) -> None:
    open_shop(products=200)
    lines = [{"sku": sku(number % 200), "quantity": 1} for number in range(1_000)]
    assert len(quote(client, {"lines": lines})["lines"]) == 1_000
    assert client.quote({"lines": [*lines, lines[0]]}).status == 422
