"""Counts of stock against the books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.stock import SKUS_PER_BUCKET
from kernel.store.read import fetch_one
from services.orders.order.items import Order
from services.orders.stock import on_hand
from services.orders.stock.on_hand import consistent_on_hand_pieces, orders_with_reservations
from services.orders.stock_documents import adjust_stock
from services.orders.stock_documents.items import StockDocumentItem
from tests.orders.client import OrdersClient
from tests.orders.stock_helpers import events_of, moved
from tests.support.fixtures import WAREHOUSE, counters, open_shop, order_of, sku
from tests.support.read_units import metered


def test_count_corrects_the_books_and_keeps_the_former_figure(client: OrdersClient) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4), (2, 4)))
    answer = client.adjust("count", "C-1", (sku(1), 13), (sku(2), 9), (sku(3), 10), (sku(4), 0))
    assert answer.status == 201
    assert [(line["quantity"], line["expected"], line["difference"]) for line in answer.json["lines"]] == [
        (13, 10, 3),
        (9, 10, -1),
        (10, 10, 0),
        (0, 10, -10),
    ]
    assert [counters(number) for number in (1, 2, 3, 4)] == [(9, 4), (5, 4), (10, 0), (0, 0)]
    assert sorted(moved()) == [("found", "count C-1", {1: 3}), ("lost", "count C-1", {2: 1, 4: 10})]
    assert ([one["pieces"] for one in events_of("increased")], [one["pieces"] for one in events_of("decreased")]) == (
        [3],
        [11],
    )


def test_count_without_difference_moves_nothing(client: OrdersClient) -> None:
    open_shop(stock=10)
    assert client.adjust("count", "C-1", (sku(1), 10)).status == 201
    assert (moved(), events_of("increased"), events_of("decreased")) == ([], [], [])
    assert fetch_one(StockDocumentItem, (f"STOCK#{WAREHOUSE}", "DOCUMENT#count#C-1"))


def test_count_accepts_goods_never_received(client: OrdersClient) -> None:
    open_shop(stock=None)
    assert client.adjust("count", "C-1", (sku(1), 7)).json["lines"][0]["expected"] == 0
    assert counters(1) == (7, 0)


def test_count_below_reservations_is_booked_with_the_missing_pieces(client: OrdersClient) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4)))
    answer = client.adjust("count", "C-1", (sku(2), 3), (sku(1), 3))
    assert answer.status == 201
    assert [(line["difference"], line["missing"]) for line in answer.json["lines"]] == [(-7, 0), (-7, 1)]
    assert counters(1) == (-1, 4)
    assert sorted(moved()) == [("lost", "count C-1", {1: 6, 2: 7}), ("missing", "count C-1", {1: 1})]
    assert [one["pieces"] for one in events_of("decreased")] == [14]


def test_count_reads_stock_again_when_it_moved(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    read = consistent_on_hand_pieces
    once = iter([True])

    def read_then_others_act(*asked: Any) -> Any:
        found = read(*asked)
        if next(once, False):
            client.receive("DN-1", (sku(1), 5))
        return found

    monkeypatch.setattr(adjust_stock, "consistent_on_hand_pieces", read_then_others_act)
    answer = client.adjust("count", "C-1", (sku(1), 12))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (15, -3)
    assert counters(1) == (12, 0)


def test_count_finds_reservations_that_the_index_lacks(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4)))
    monkeypatch.setattr(on_hand, "orders_in_state", lambda _: iter(()))
    answer = client.adjust("count", "C-1", (sku(1), 10))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (10, 0)


def test_count_finds_the_reservation_of_an_order_between_two_states(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    order_id = client.accepted(order_of((1, 4)))
    client.world.clock.advance(minutes=10)
    assert client.act(order_id, "approve", {}).status == 200
    # The index has removed the order from one state and not added it to the other yet.
    monkeypatch.setattr(on_hand, "orders_in_state", lambda _: iter(()))
    answer = client.adjust("count", "C-1", (sku(1), 10))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (10, 0)


def test_reservations_of_a_warehouse_read_no_order_of_another(client: OrdersClient) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4)))
    with metered() as meter:
        assert list(orders_with_reservations("SH")) == []
    assert "BatchGetItem" not in [operation for operation, _ in meter.reads]


def test_count_sees_concurrent_shipments_all_or_not_at_all(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    orders = [client.approved(order_of((1, 4))), client.approved(order_of((1, 4)))]
    look, ships = on_hand.orders_with_reservations, iter([True])

    def look_while_both_leave(warehouse: str) -> Iterator[Order]:
        found = list(look(warehouse))
        if not next(ships, False):
            yield from found
            return
        yield found[0]  # it was read before it left, the other afterwards
        for order_id in orders:
            assert client.ship(order_id).status == 201

    monkeypatch.setattr(on_hand, "orders_with_reservations", look_while_both_leave)
    answer = client.adjust("count", "C-1", (sku(1), 2))
    assert (answer.status, answer.json["lines"][0]["difference"]) == (201, 0)


def test_count_of_a_full_bucket_fits_one_expression(client: OrdersClient) -> None:
    open_shop(products=SKUS_PER_BUCKET, stock=999_990)
    answer = client.adjust("count", "C-1", *((sku(number), 999_800 + number) for number in range(SKUS_PER_BUCKET)))
    assert answer.status == 201
    assert counters(SKUS_PER_BUCKET - 1) == (999_800 + SKUS_PER_BUCKET - 1, 0)
