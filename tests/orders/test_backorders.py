"""Backorders: queue position and received goods."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from kernel.store.read import query_all
from services.orders.allocation import allocate_backorders
from services.orders.order import rules
from services.orders.order.load_order import load_order_and_backorder_count
from services.orders.stock.items import MovementItem, movements_pk
from tests.orders.backorder_helpers import NOTHING, come_in, pieces_of, queued
from tests.orders.client import OrdersClient
from tests.support.fixtures import WAREHOUSE, counters, open_shop, order_of, sku


def test_backorders_get_received_goods_first_come_first_served(client: OrdersClient) -> None:
    open_shop(stock=0)
    first, second, third = (client.accepted(order_of((1, 10)), dealer=dealer) for dealer in ("D0001", "D0002", "D0001"))
    assert queued() == [first, second, third]

    come_in(client, "DN-1", (1, 15))

    assert [pieces_of(client, one) for one in (first, second, third)] == [(10, 0), (5, 5), (0, 10)]
    assert queued() == [second, third]
    assert counters(1) == (0, 15)
    assert client.show(first).json["holds"] == [], "what nothing is short of needs no clerk any more"
    assert client.show(second).json["holds"] == ["stock"]


def test_allocation_grants_nothing_more_when_repeated(client: OrdersClient) -> None:
    open_shop(stock=0)
    client.accepted(order_of((1, 10)))
    come_in(client, "DN-1", (1, 4))
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before


def test_allocation_grants_a_share_once_when_redelivered_with_more_stock(client: OrdersClient) -> None:
    open_shop(stock=0)
    order_id = client.accepted(order_of((1, 10)))
    come_in(client, "DN-1", (1, 4))
    with client.world.held_back("reserve-stock"):
        assert client.receive("DN-2", (sku(1), 4)).status == 201
        client.world.redeliver_everything()
        assert (pieces_of(client, order_id), counters(1)) == ((4, 6), (4, 4))
    client.world.drain()
    assert (pieces_of(client, order_id), counters(1)) == ((8, 2), (0, 8))


def test_urgent_backorder_is_served_before_older_ones(client: OrdersClient) -> None:
    open_shop(stock=0)
    normal = client.accepted(order_of((1, 10)))
    urgent = client.accepted(order_of((1, 10), urgent=True), dealer="D0002")
    come_in(client, "DN-1", (1, 12))
    assert (pieces_of(client, urgent), pieces_of(client, normal)) == ((10, 0), (2, 8))


def test_wait_order_reserves_nothing_until_everything_is_available(client: OrdersClient) -> None:
    open_shop(stock=5)
    waits = client.accepted(order_of((1, 10), (2, 3), shortage_policy="wait"))
    assert (pieces_of(client, waits), counters(1), counters(2)) == ((0, 13), (5, 0), (5, 0))

    come_in(client, "DN-1", (1, 4))
    assert (pieces_of(client, waits), counters(1)) == ((0, 13), (9, 0))

    come_in(client, "DN-2", (1, 1))
    assert (pieces_of(client, waits), counters(1), counters(2)) == ((13, 0), (0, 10), (2, 3))
    assert queued() == []


def test_wait_order_over_many_buckets_gets_everything(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BUCKETS_PER_TRANSACTION", 1)
    open_shop(stock=0, products=130)
    order_id = client.accepted(order_of((1, 2), (100, 2), shortage_policy="wait"))
    come_in(client, "DN-1", (1, 5))
    assert pieces_of(client, order_id) == (0, 4)
    come_in(client, "DN-2", (100, 5))
    assert (pieces_of(client, order_id), queued(), counters(1), counters(100)) == ((4, 0), [], (3, 2), (3, 2))


def test_long_queue_is_allocated_in_several_runs(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocate_backorders, "_MOST_SHARES", 2)
    open_shop(stock=0)
    orders = [client.accepted(order_of((1, 1))) for _ in range(3)]
    come_in(client, "DN-1", (1, 3))
    assert [pieces_of(client, one) for one in orders] == [(1, 0), (1, 0), (0, 1)]
    client.world.periodic("orders", "sweep_orders")
    assert pieces_of(client, orders[2]) == (1, 0)


def test_all_or_nothing_order_is_not_backordered(client: OrdersClient) -> None:
    open_shop(stock=5)
    refused = client.accepted(order_of((1, 10), shortage_policy="all_or_nothing"))
    come_in(client, "DN-1", (1, 100))
    assert (pieces_of(client, refused), queued(), counters(1)) == ((0, 10), [], (105, 0))


def test_received_goods_go_to_backorders_before_a_new_order(client: OrdersClient) -> None:
    open_shop(stock=0)
    waits = client.accepted(order_of((1, 10)))
    with client.world.held_back("reserve-stock"):
        newcomer = client.submit(order_of((1, 10)), dealer="D0002").json["order_id"]
        assert client.receive("DN-1", (sku(1), 12)).status == 201
        client.world.relay_once()
    # The newcomer's message is ahead of the receipt's, yet the goods are there when it is decided.
    client.world.drain()
    assert (pieces_of(client, waits), pieces_of(client, newcomer)) == ((10, 0), (2, 8))


@pytest.mark.parametrize("how", ["cancel", "reject"])
def test_released_stock_of_an_ended_order_goes_to_backorders(client: OrdersClient, how: str) -> None:
    open_shop(stock=10)
    has = client.accepted(order_of((1, 10)))
    waits = client.accepted(order_of((1, 7)), dealer="D0002")
    assert client.act(has, how, {"reason": "不要了"}).status == 200
    client.world.drain()
    assert (pieces_of(client, waits), counters(1), queued()) == ((7, 0), (3, 7), [])


def test_ended_order_leaves_the_backorder_queue(client: OrdersClient) -> None:
    open_shop(stock=0)
    order_id = client.accepted(order_of((1, 10)))
    assert queued() == [order_id]
    assert client.act(order_id, "cancel", {"reason": "不要了"}).status == 200
    come_in(client, "DN-1", (1, 10))
    assert (queued(), counters(1)) == ([], (10, 0))


def test_approved_order_keeps_its_queue_position_and_ships_what_comes(client: OrdersClient) -> None:
    open_shop(stock=4)
    order_id = client.accepted(order_of((1, 10)))
    assert client.act(order_id, "holds/stock/release", {"reason": "先发后补"}).status == 200
    assert client.act(order_id, "approve", {}).status == 200
    assert client.ship(order_id).status == 201
    come_in(client, "DN-1", (1, 6))
    assert pieces_of(client, order_id) == (6, 0)
    assert client.ship(order_id).json["state"] == "closed"
    assert counters(1) == NOTHING


def test_earlier_line_of_a_sku_gets_received_goods_first(client: OrdersClient) -> None:
    open_shop(stock=0)
    order_id = client.accepted(order_of((1, 10), (1, 10)))
    come_in(client, "DN-1", (1, 12))
    assert [queued["reserved"] for queued in client.show(order_id).json["lines"]] == [10, 2]
    assert counters(1) == (0, 12)


def test_empty_backorder_queue_is_not_read(client: OrdersClient) -> None:
    def waiting() -> int:
        return load_order_and_backorder_count(order_id, WAREHOUSE)[1]

    open_shop(stock=4)
    order_id = client.accepted(order_of((1, 4)))
    assert waiting() == 0
    short = [client.accepted(order_of((1, 10), (2, 10))) for _ in range(2)]
    assert waiting() == 2
    client.act(short[0], "cancel", {"reason": "不要了"})
    client.world.drain()
    come_in(client, "DN-1", (1, 10))
    assert waiting() == 1
    come_in(client, "DN-2", (2, 10))
    assert (waiting(), queued()) == (0, [])
    with patch.object(allocate_backorders, "backorders_of", side_effect=AssertionError("nobody is there")):
        client.accepted(order_of((3, 4)))


def test_stock_counters_equal_the_sum_of_movements(client: OrdersClient) -> None:
    open_shop(stock=None)
    come_in(client, "DN-1", (1, 20))
    order_id = client.approved(order_of((1, 12)))
    assert client.ship(order_id, (1, 5)).status == 201
    assert client.act(order_id, "cancel", {"reason": "够了"}).status == 200
    moved = query_all(MovementItem, movements_pk(WAREHOUSE, "2026-11-23"))
    assert [(item.move, item.by_sku_index) for item in moved] == [
        ("receive", {1: 20}),
        ("reserve", {1: 12}),
        ("reserve", {}),  # noted when it was approved
        ("unreserve", {1: 7}),
    ]
    assert counters(1) == (15, 0)
