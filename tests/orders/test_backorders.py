"""Backorders: queue position, allocation by rule, and that each grant happens once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store.read import query_all
from services.orders.allocation import allocate_backorders
from services.orders.allocation.allocate_backorders import _reserve_grant
from services.orders.order import rules
from services.orders.order.backorder_entry import BackorderItem, backorders_pk
from services.orders.order.load_order import load_order_and_backorder_count
from services.orders.stock.items import MovementItem, movements_pk
from tests import faults
from tests.interruptions import Killed
from tests.orders.client import OrdersClient
from tests.shop import WAREHOUSE, counters, open_shop, order_of, sku
from tests.world import Response, World

NOTHING = (0, 0)


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    return OrdersClient(fast_world)


def queued() -> list[str]:
    """Ids of the orders in the backorder queue, in queue order."""
    return [item.order_id for item in query_all(BackorderItem, backorders_pk(WAREHOUSE))]


def pieces_of(client: OrdersClient, order_id: str) -> tuple[int, int]:
    """Reserved and backordered pieces of an order."""
    shown = client.show(order_id).json
    return shown["reserved"], shown["backordered"]


def come_in(client: OrdersClient, reference: str, *lines: tuple[int, int]) -> None:
    """Post a goods receipt and deliver all messages."""
    answer = client.receive(reference, *((sku(number), pieces) for number, pieces in lines))
    assert answer.status == 201, answer.json
    client.world.drain()


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


def publish(client: OrdersClient, rule: str, **more: Any) -> None:
    """Publish how the warehouse shares out what is short."""
    body = {"rule": rule, "reason": "缺货季", "version": 0, **more}
    path = f"/warehouses/{WAREHOUSE}/allocation-rule"
    answer = client.world.call("orders", "PUT", path, body=body, token=client.world.token(role="admin"))
    assert answer.status == 200, answer.json


def allocations(client: OrdersClient, order_id: str, dealer: str) -> Any:
    token = client.world.token(role="dealer_buyer", dealer_id=dealer)
    return client.world.call("orders", "GET", f"/orders/{order_id}/allocations", token=token)


def test_published_rule_allocates_and_dealers_read_the_reason(client: OrdersClient) -> None:
    open_shop(stock=0)
    publish(client, "pro_rata_by_tier")
    first, second = client.accepted(order_of((1, 30))), client.accepted(order_of((1, 10)), dealer="D0002")
    come_in(client, "DN-1", (1, 20))
    assert (pieces_of(client, first), pieces_of(client, second)) == ((15, 15), (5, 5))

    promised = allocations(client, second, "D0002").json
    (run,) = promised["allocations"]
    (grant,) = run["grants"]
    assert (promised["queue_position"], promised["queue_length"], run["rule_version"]) == (2, 2, 1)
    assert {
        name: grant[name] for name in ("sku", "granted", "rule", "supply", "claimed", "wanted", "queue_position")
    } == {
        "sku": sku(1),
        "granted": 5,
        "rule": "pro_rata_by_tier",
        "supply": 20,
        "claimed": 40,
        "wanted": 10,
        "queue_position": 2,
    }
    assert allocations(client, second, "D0001").status == 404


def test_rule_publication_is_refused_when_the_version_is_stale(client: OrdersClient) -> None:
    publish(client, "quota", quotas={"A": 5})
    body = {"rule": "first_come", "reason": "x", "version": 0}
    path = f"/warehouses/{WAREHOUSE}/allocation-rule"
    answer = client.world.call("orders", "PUT", path, body=body, token=client.world.token(role="admin"))
    assert (answer.status, answer.json["code"]) == (412, "stale")


def test_repeated_rule_publication_answers_the_same_and_keeps_the_version(client: OrdersClient) -> None:
    body = {"rule": "quota", "quotas": {"A": 5}, "reason": "x", "version": 0}
    sourcing = {"alternates": ["SZ"], "reason": "x", "version": 0}
    for path, asked in (("allocation-rule", body), ("sourcing-rule", sourcing)):

        def put(path: str = path, asked: dict[str, Any] = asked, **more: Any) -> Response:
            token = client.world.token(role="admin")
            return client.world.call("orders", "PUT", f"/warehouses/{WAREHOUSE}/{path}", body=asked | more, token=token)

        first = put()
        before = client.world.snapshot()
        assert (put().status, put().text) == (200, first.text)
        assert put(reason="y").status == 412
        assert client.world.snapshot() == before


@pytest.mark.parametrize("rule", ["first_come", "pro_rata_by_tier"])
def test_allocation_grants_the_same_shares_when_any_call_fails(client: OrdersClient, rule: str) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop(stock=0)
        publish(client, rule)
        orders[:] = [client.accepted(order_of((1, 10), (2, 4)), dealer=dealer) for dealer in ("D0001", "D0002")]
        assert client.receive("DN-1", (sku(1), 10), (sku(2), 5)).status == 201
        client.world.relay_once()

    shares = {"first_come": [(14, 0), (1, 13)], "pro_rata_by_tier": [(8, 6), (7, 7)]}[rule]
    for fault in faults.every_point(
        client.world, prepare=prepare, act=client.world.drain, within="orders.reserve_stock"
    ):
        for _ in range(2):
            client.world.drain()
            assert [pieces_of(client, one) for one in orders] == shares, fault
            assert (counters(1), counters(2)) == ((0, 10), (0, 5)), fault
            client.world.redeliver_everything()


@contextmanager
def dying_after_the_first_share() -> Iterator[None]:
    """The process ends when the first in the queue has got its share."""
    hold = _reserve_grant

    def die_afterwards(*args: Any) -> None:
        hold(*args)
        raise Killed

    with patch.object(allocate_backorders, "_reserve_grant", die_afterwards), pytest.raises(Killed):
        yield


def test_second_order_gets_its_recorded_share_when_the_process_dies(client: OrdersClient) -> None:
    open_shop(stock=0)
    publish(client, "pro_rata_by_tier")
    first, second = (client.accepted(order_of((1, 10), (2, 4)), dealer=dealer) for dealer in ("D0001", "D0002"))
    assert client.receive("DN-1", (sku(1), 10), (sku(2), 5)).status == 201
    with dying_after_the_first_share():
        client.world.drain()
    assert (pieces_of(client, first), pieces_of(client, second)) == ((8, 6), (0, 14))
    client.world.drain()
    assert (pieces_of(client, first), pieces_of(client, second)) == ((8, 6), (7, 7)), (
        "not a share of what the first left over"
    )


def test_grant_is_dropped_when_the_order_left_the_queue(client: OrdersClient) -> None:
    open_shop(stock=0)
    first, second = (client.accepted(order_of((1, 10)), dealer=dealer) for dealer in ("D0001", "D0002"))
    assert client.receive("DN-1", (sku(1), 14)).status == 201
    with dying_after_the_first_share():
        client.world.drain()
    assert client.act(second, "cancel", {"reason": "不要了"}).status == 200
    client.world.drain()
    assert (pieces_of(client, first), pieces_of(client, second), counters(1)) == ((10, 0), (0, 0), (4, 10))


def test_wait_order_takes_nothing_when_stock_was_taken_meanwhile(client: OrdersClient) -> None:
    open_shop(stock=0)
    waits = client.accepted(order_of((1, 10), shortage_policy="wait"))
    hold = _reserve_grant

    def too_late(*args: Any) -> None:
        with patch.object(allocate_backorders, "_reserve_grant", hold):
            assert client.adjust("lost", "L-1", (sku(1), 4)).status == 201
        hold(*args)

    with patch.object(allocate_backorders, "_reserve_grant", too_late):
        come_in(client, "DN-1", (1, 10))
    assert (pieces_of(client, waits), counters(1), queued()) == ((0, 10), (6, 0), [waits])


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
