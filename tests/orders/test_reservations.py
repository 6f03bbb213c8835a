"""Expiry of reservations, urgent orders with lane and quota, orders lost by their queue, and sourcing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from kernel.base import observability
from kernel.messaging.outbox import history
from kernel.time import clock
from services.orders.order.items import HeaderItem
from services.orders.reservation import expire_reservation
from tests.orders.backorder_helpers import come_in, pieces_of, queued
from tests.orders.client import OrdersClient
from tests.support import faults
from tests.support.fixtures import WAREHOUSE, counters, open_shop, order_of, sku
from tests.support.world import World


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    return OrdersClient(fast_world)


def happened(order_id: str) -> list[str]:
    """Events of an order, except those of promise dates."""
    promised = (message.type.split(".")[1] for message in history(f"ORDERS#{order_id.partition('-')[0]}", order_id))
    return [kind for kind in promised if not kind.startswith("promise-")]


def sweep(client: OrdersClient, **later: float) -> None:
    """Let time pass and run the sweep."""
    client.world.clock.advance(**later)
    client.world.periodic("orders", "sweep_orders")
    client.world.drain()


# ---- holds ----


def test_unused_reservation_is_warned_once_then_released_to_backorders(client: OrdersClient) -> None:
    open_shop(stock=10)  # grade A: 72 hours in review
    has = client.accepted(order_of((1, 10)))
    waits = client.accepted(order_of((1, 6)), dealer="D0002")
    ends = clock.parse_stamp(client.show(has).json["reserved_until"])
    assert ends - clock.now() > timedelta(hours=71)

    sweep(client, hours=52)  # Wednesday afternoon: the warning comes four working hours before Thursday morning
    assert happened(has) == ["submitted", "reserved"]
    sweep(client, hours=2)
    sweep(client)
    assert happened(has) == ["submitted", "reserved", "reservation-expiring"]
    assert counters(1) == (0, 10)

    sweep(client, hours=19)
    sweep(client)
    assert happened(has)[3:] == ["reservation-expired"]
    assert (pieces_of(client, has), pieces_of(client, waits), counters(1)) == ((0, 10), (6, 0), (4, 6))
    shown = client.show(has).json
    assert (shown["state"], shown["holds"], shown["reserved_until"]) == ("in_review", ["stock"], None)
    assert queued() == [], "it would take back at once what it gave"


def test_extended_reservation_lasts_as_long_again(client: OrdersClient) -> None:
    open_shop(stock=10)
    order_id = client.accepted(order_of((1, 10)))
    sweep(client, hours=69)
    assert client.act(order_id, "extend-reservation", {"reason": "等客户付款"}).status == 200
    sweep(client, hours=30)  # a day after the first end, before the warning of the second
    assert (pieces_of(client, order_id), happened(order_id)[-1]) == ((10, 0), "reservation-extended")
    sweep(client, hours=30)
    assert pieces_of(client, order_id) == (10, 0)


def test_sweep_keeps_a_reservation_extended_meanwhile(client: OrdersClient) -> None:
    open_shop(stock=10)
    order_id = client.accepted(order_of((1, 10)))
    load_order = expire_reservation.load_order

    def extended_just_now(found: str) -> Any:
        assert client.act(found, "extend-reservation", {"reason": "等客户付款"}).status == 200
        return load_order(found)

    with patch.object(expire_reservation, "load_order", extended_just_now):
        sweep(client, hours=73)
    assert (pieces_of(client, order_id), happened(order_id)[-1]) == ((10, 0), "reservation-extended")


def test_extended_expired_order_waits_at_the_end_of_the_queue(client: OrdersClient) -> None:
    open_shop(stock=10)
    expired = client.accepted(order_of((1, 10)))
    sweep(client, hours=73)
    taken = client.accepted(order_of((1, 8)), dealer="D0002")
    assert client.act(expired, "extend-reservation", {"reason": "客户要货"}).status == 200
    client.world.drain()
    assert (pieces_of(client, taken), pieces_of(client, expired), queued()) == ((8, 0), (2, 8), [expired])


def test_extension_is_refused_when_nothing_is_reserved_or_backordered(client: OrdersClient) -> None:
    open_shop(stock=0)
    order_id = client.accepted(order_of((1, 10), shortage_policy="all_or_nothing"))
    answer = client.act(order_id, "extend-reservation", {"reason": "x"})
    assert (answer.status, answer.json["code"]) == (409, "nothing-to-extend")


def test_approved_order_is_reserved_longer_and_shipped_one_never_expires(client: OrdersClient) -> None:
    open_shop(stock=30)
    shipped, kept = client.approved(order_of((1, 10))), client.approved(order_of((1, 10)))
    assert client.ship(shipped).status == 201
    sweep(client, hours=239)
    assert (pieces_of(client, kept), counters(1)) == ((10, 0), (10, 10))
    sweep(client, hours=100)
    assert (pieces_of(client, kept), counters(1)) == ((0, 10), (20, 0))
    assert happened(shipped)[-1] == "shipped"


def test_filled_backorder_is_reserved_as_long_as_any(client: OrdersClient) -> None:
    open_shop(stock=4)
    order_id = client.accepted(order_of((1, 10)))
    assert client.act(order_id, "holds/stock/release", {"reason": "先发后补"}).status == 200
    assert client.act(order_id, "approve", {}).status == 200
    assert client.ship(order_id).status == 201
    sweep(client, days=30)
    come_in(client, "DN-1", (1, 6))
    sweep(client, hours=100)
    assert pieces_of(client, order_id) == (6, 0), "the old hold's end has nothing to do with these"
    sweep(client, hours=240)
    assert pieces_of(client, order_id) == (0, 6)


def test_reservation_expires_once_when_any_call_fails(client: OrdersClient) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop(stock=10)
        orders[:] = [client.accepted(order_of((1, 10))), client.accepted(order_of((1, 6)), dealer="D0002")]
        client.world.clock.advance(hours=73)

    def act() -> None:
        client.world.periodic("orders", "sweep_orders")

    for fault in faults.every_point(client.world, prepare=prepare, act=act, survives=(Exception,)):
        sweep(client)
        assert happened(orders[0]) == ["submitted", "reserved", "reservation-expired"], fault
        assert (counters(1), pieces_of(client, orders[1])) == ((4, 6), (6, 0)), fault


# ---- urgent orders ----


def test_urgent_order_is_refused_when_the_weekly_quota_is_used(client: OrdersClient) -> None:
    open_shop(stock=100)  # grade A: five a week
    for _ in range(5):
        client.accepted(order_of((1, 1), urgent=True))
    answer = client.submit(order_of((1, 1), urgent=True))
    assert (answer.status, answer.json["code"], answer.json["used"]) == (409, "urgent-quota-used", 5)
    assert client.submit(order_of((1, 1))).status == 202, "as a normal order it is welcome"
    assert client.submit(order_of((1, 1), urgent=True), dealer="D0002").status == 202, "others have their own"
    client.world.clock.advance(days=7)
    assert client.submit(order_of((1, 1), urgent=True)).status == 202


def test_urgent_order_is_reserved_before_normal_ones(client: OrdersClient) -> None:
    open_shop(stock=10)
    with client.world.held_back("reserve-stock"):
        normal = client.submit(order_of((1, 10))).json["order_id"]
        urgent = client.accepted(order_of((1, 10), urgent=True), dealer="D0002")
        assert pieces_of(client, urgent) == (10, 0)
    client.world.drain()
    assert pieces_of(client, normal) == (0, 10)


def test_urgent_order_is_reported_overdue_once_after_half_an_hour_of_work(client: OrdersClient) -> None:
    open_shop(stock=10)
    urgent, normal = client.accepted(order_of((1, 1), urgent=True)), client.accepted(order_of((1, 1)))
    sweep(client, minutes=29)
    assert "overdue" not in happened(urgent)
    sweep(client, minutes=2)
    sweep(client, minutes=5)
    assert happened(urgent) == ["submitted", "reserved", "overdue"]
    assert "overdue" not in happened(normal)


# ---- forgotten orders ----


def test_sweep_decides_an_order_its_queue_lost(client: OrdersClient) -> None:
    open_shop(stock=10)
    with client.world.held_back("reserve-stock"):
        order_id = client.submit(order_of((1, 10))).json["order_id"]
        client.world.drain()
        sweep(client, minutes=1)
        assert client.show(order_id).json["state"] == "submitted", "its queue still has time"
        sweep(client, minutes=2)
        assert pieces_of(client, order_id) == (10, 0)
    client.world.drain()
    assert (pieces_of(client, order_id), counters(1), happened(order_id)) == (
        (10, 0),
        (0, 10),
        ["submitted", "reserved"],
    )


def test_sweep_goes_on_when_one_order_fails(client: OrdersClient) -> None:
    open_shop(stock=10)
    with client.world.held_back("reserve-stock"), client.world.held_back("record-order-entries"):
        broken, sound = (client.submit(order_of((1, 2))).json["order_id"] for _ in range(2))
        client.world.relay_once()
        HeaderItem(f"ORDERS#{broken.partition('-')[0]}", "LINES#000001").delete()
        sweep(client, minutes=3)
    assert pieces_of(client, sound) == (2, 0)


def test_sweep_allocates_backorders_its_queue_lost(client: OrdersClient) -> None:
    open_shop(stock=0)
    order_id = client.accepted(order_of((1, 10)))
    with client.world.held_back("reserve-stock"):
        assert client.receive("DN-1", (sku(1), 10)).status == 201
        client.world.drain()
        assert pieces_of(client, order_id) == (0, 10)
        sweep(client, minutes=5)
        assert pieces_of(client, order_id) == (10, 0)
    client.world.drain()
    assert (pieces_of(client, order_id), counters(1)) == ((10, 0), (0, 10))


# ---- several warehouses ----


def stocked(warehouse: str, *, available: int) -> None:
    """Put pieces of every product of the first bucket into another warehouse."""
    StockBucketItem(*stock_bucket_key(warehouse, 0), available=[available] * SKUS_PER_BUCKET).save()


def publish(client: OrdersClient, *alternates: str, version: int = 0) -> Any:
    path = f"/warehouses/{WAREHOUSE}/sourcing-rule"
    body = {"alternates": list(alternates), "reason": "就近", "version": version}
    return client.world.call("orders", "PUT", path, body=body, token=client.world.token(role="admin"))


def test_short_order_is_served_by_the_first_alternate_that_has_everything(client: OrdersClient) -> None:
    open_shop(stock=5)
    stocked("SH", available=7)
    stocked("SZ", available=50)
    assert publish(client, "SH", "SZ").status == 200
    near, far = client.accepted(order_of((1, 4))), client.accepted(order_of((1, 10), (2, 2)))
    assert (client.show(near).json["warehouse"], client.show(near).json["sourcing"]) == (WAREHOUSE, [])
    shown = client.show(far).json
    assert (shown["warehouse"], pieces_of(client, far)) == ("SZ", (12, 0))
    assert [(one["warehouse"], one["pieces"], one["short"]) for one in shown["sourcing"]] == [
        (WAREHOUSE, 3, 1),
        ("SH", 9, 1),
        ("SZ", 12, 0),
    ]
    assert (counters(1), counters(1, "SH"), counters(1, "SZ")) == ((1, 4), (7, 0), (40, 10))


def test_order_is_backordered_in_the_warehouse_that_serves_it(client: OrdersClient) -> None:
    open_shop(stock=2)
    stocked("SH", available=6)
    publish(client, "SH")
    order_id = client.accepted(order_of((1, 10)))
    assert (client.show(order_id).json["warehouse"], pieces_of(client, order_id)) == ("SH", (6, 4))
    come_in(client, "DN-1", (1, 50))
    assert pieces_of(client, order_id) == (6, 4), "goods at home are not where it waits"


def test_sourcing_rule_refuses_the_warehouse_itself_as_alternate(client: OrdersClient) -> None:
    answer = publish(client, WAREHOUSE)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "alternates")


@pytest.mark.parametrize(("days", "counted"), [(0, False), (13, False), (14, True), (90, True)])
def test_sweep_counts_that_the_known_calendar_ends_within_sixty_days(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch, days: int, counted: bool
) -> None:
    counts: list[str] = []
    monkeypatch.setattr(observability, "count", lambda name, value=1: counts.append(name))
    client.world.clock.advance(days=days)  # from 2026-11-23 on; the calendar is known until 2027-02-04
    client.world.periodic("orders", "sweep_orders")
    assert ("CalendarEnding" in counts) == counted
