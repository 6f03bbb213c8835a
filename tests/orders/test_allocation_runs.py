"""Allocation runs: published rule, recorded shares, faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from services.orders.allocation import grant_share
from services.orders.allocation.grant_share import _reserve_grant
from tests.orders.backorder_helpers import come_in, pieces_of, queued
from tests.orders.client import OrdersClient
from tests.support import faults
from tests.support.fixtures import WAREHOUSE, counters, open_shop, order_of, sku
from tests.support.gateway import Response
from tests.support.interruptions import Killed


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

    with patch.object(grant_share, "_reserve_grant", die_afterwards), pytest.raises(Killed):
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
        with patch.object(grant_share, "_reserve_grant", hold):
            assert client.adjust("lost", "L-1", (sku(1), 4)).status == 201
        hold(*args)

    with patch.object(grant_share, "_reserve_grant", too_late):
        come_in(client, "DN-1", (1, 10))
    assert (pieces_of(client, waits), counters(1), queued()) == ((0, 10), (6, 0), [waits])
