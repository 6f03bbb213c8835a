"""Holds that end, urgent orders with a lane and a quota, orders nobody decided, and other warehouses that help out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from kernel.messaging.outbox import history
from kernel.time import clock
from services.orders.order.items import HeaderItem
from services.orders.reservation import expire_reservation
from tests import faults
from tests.orders.desk import Desk
from tests.orders.test_line import come_in, got, line
from tests.shop import WAREHOUSE, counters, open_shop, order_of, sku
from tests.world import World


@pytest.fixture
def desk(fast_world: World) -> Desk:
    return Desk(fast_world)


def happened(order_id: str) -> list[str]:
    """The events of an order, but for those of its promised days."""
    told = (message.type.split(".")[1] for message in history(f"ORDERS#{order_id.partition('-')[0]}", order_id))
    return [kind for kind in told if not kind.startswith("promise-")]


def sweep(desk: Desk, **later: float) -> None:
    """Time passes, and the sweep comes round."""
    desk.world.clock.advance(**later)
    desk.world.periodic("orders", "sweep_orders")
    desk.world.drain()


# ---- holds ----


def test_a_hold_nobody_used_is_warned_of_once_then_given_back_to_those_who_wait(desk: Desk) -> None:
    open_shop(stock=10)  # grade A: 72 hours in review
    has = desk.accepted(order_of((1, 10)))
    waits = desk.accepted(order_of((1, 6)), dealer="D0002")
    ends = clock.parse_stamp(desk.show(has).json["reserved_until"])
    assert ends - clock.now() > timedelta(hours=71)

    sweep(desk, hours=67)
    assert happened(has) == ["submitted", "reserved"]
    sweep(desk, hours=2)
    sweep(desk)
    assert happened(has) == ["submitted", "reserved", "reservation-expiring"]
    assert counters(1) == (0, 10)

    sweep(desk, hours=4)
    sweep(desk)
    assert happened(has)[3:] == ["reservation-expired"]
    assert (got(desk, has), got(desk, waits), counters(1)) == ((0, 10), (6, 0), (4, 6))
    shown = desk.show(has).json
    assert (shown["state"], shown["holds"], shown["reserved_until"]) == ("in_review", ["stock"], None)
    assert line() == [], "it would take back at once what it gave"


def test_a_renewed_hold_lasts_as_long_again(desk: Desk) -> None:
    open_shop(stock=10)
    order_id = desk.accepted(order_of((1, 10)))
    sweep(desk, hours=69)
    assert desk.act(order_id, "extend-reservation", {"reason": "等客户付款"}).status == 200
    sweep(desk, hours=60)
    assert (got(desk, order_id), happened(order_id)[-1]) == ((10, 0), "reservation-extended")


def test_a_hold_renewed_since_the_sweep_saw_it_is_not_given_back(desk: Desk) -> None:
    open_shop(stock=10)
    order_id = desk.accepted(order_of((1, 10)))
    load_order = expire_reservation.load_order

    def renewed_just_now(found: str) -> Any:
        assert desk.act(found, "extend-reservation", {"reason": "等客户付款"}).status == 200
        return load_order(found)

    with patch.object(expire_reservation, "load_order", renewed_just_now):
        sweep(desk, hours=73)
    assert (got(desk, order_id), happened(order_id)[-1]) == ((10, 0), "reservation-extended")


def test_an_expired_order_that_is_renewed_waits_at_the_end_of_the_line(desk: Desk) -> None:
    open_shop(stock=10)
    expired = desk.accepted(order_of((1, 10)))
    sweep(desk, hours=73)
    taken = desk.accepted(order_of((1, 8)), dealer="D0002")
    assert desk.act(expired, "extend-reservation", {"reason": "客户要货"}).status == 200
    desk.world.drain()
    assert (got(desk, taken), got(desk, expired), line()) == ((8, 0), (2, 8), [expired])


def test_there_is_nothing_to_renew_of_an_order_that_holds_and_lacks_nothing(desk: Desk) -> None:
    open_shop(stock=0)
    order_id = desk.accepted(order_of((1, 10), shortage_policy="all_or_nothing"))
    answer = desk.act(order_id, "extend-reservation", {"reason": "x"})
    assert (answer.status, answer.json["code"]) == (409, "nothing-to-extend")


def test_an_approved_order_is_held_for_longer_and_a_shipped_one_never_expires(desk: Desk) -> None:
    open_shop(stock=30)
    shipped, kept = desk.approved(order_of((1, 10))), desk.approved(order_of((1, 10)))
    assert desk.ship(shipped).status == 201
    sweep(desk, hours=239)
    assert (got(desk, kept), counters(1)) == ((10, 0), (10, 10))
    sweep(desk, hours=100)
    assert (got(desk, kept), counters(1)) == ((0, 10), (20, 0))
    assert happened(shipped)[-1] == "shipped"


def test_goods_that_were_waited_for_are_held_as_long_as_any(desk: Desk) -> None:
    open_shop(stock=4)
    order_id = desk.accepted(order_of((1, 10)))
    assert desk.act(order_id, "holds/stock/release", {"reason": "先发后补"}).status == 200
    assert desk.act(order_id, "approve", {}).status == 200
    assert desk.ship(order_id).status == 201
    sweep(desk, days=30)
    come_in(desk, "DN-1", (1, 6))
    sweep(desk, hours=100)
    assert got(desk, order_id) == (6, 0), "the old hold's end has nothing to do with these"
    sweep(desk, hours=240)
    assert got(desk, order_id) == (0, 6)


def test_a_hold_ends_once_whatever_breaks(desk: Desk) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop(stock=10)
        orders[:] = [desk.accepted(order_of((1, 10))), desk.accepted(order_of((1, 6)), dealer="D0002")]
        desk.world.clock.advance(hours=73)

    def act() -> None:
        desk.world.periodic("orders", "sweep_orders")

    for fault in faults.every_point(desk.world, prepare=prepare, act=act, survives=(Exception,)):
        sweep(desk)
        assert happened(orders[0]) == ["submitted", "reserved", "reservation-expired"], fault
        assert (counters(1), got(desk, orders[1])) == ((4, 6), (6, 0)), fault


# ---- urgent orders ----


def test_a_dealer_has_so_many_urgent_orders_a_week_and_is_told_when_they_are_used_up(desk: Desk) -> None:
    open_shop(stock=100)  # grade A: five a week
    for _ in range(5):
        desk.accepted(order_of((1, 1), urgent=True))
    answer = desk.submit(order_of((1, 1), urgent=True))
    assert (answer.status, answer.json["code"], answer.json["used"]) == (409, "urgent-quota-used", 5)
    assert desk.submit(order_of((1, 1))).status == 202, "as a normal order it is welcome"
    assert desk.submit(order_of((1, 1), urgent=True), dealer="D0002").status == 202, "others have their own"
    desk.world.clock.advance(days=7)
    assert desk.submit(order_of((1, 1), urgent=True)).status == 202


def test_urgent_orders_do_not_wait_behind_normal_ones(desk: Desk) -> None:
    open_shop(stock=10)
    with desk.world.held_back("reserve-stock"):
        normal = desk.submit(order_of((1, 10))).json["order_id"]
        urgent = desk.accepted(order_of((1, 10), urgent=True), dealer="D0002")
        assert got(desk, urgent) == (10, 0)
    desk.world.drain()
    assert got(desk, normal) == (0, 10)


def test_an_urgent_order_nobody_decides_in_half_an_hour_of_work_is_reported_once(desk: Desk) -> None:
    open_shop(stock=10)
    urgent, normal = desk.accepted(order_of((1, 1), urgent=True)), desk.accepted(order_of((1, 1)))
    sweep(desk, minutes=29)
    assert "overdue" not in happened(urgent)
    sweep(desk, minutes=2)
    sweep(desk, minutes=5)
    assert happened(urgent) == ["submitted", "reserved", "overdue"]
    assert "overdue" not in happened(normal)


# ---- forgotten orders ----


def test_an_order_its_queue_forgot_is_decided_by_the_sweep(desk: Desk) -> None:
    open_shop(stock=10)
    with desk.world.held_back("reserve-stock"):
        order_id = desk.submit(order_of((1, 10))).json["order_id"]
        desk.world.drain()
        sweep(desk, minutes=1)
        assert desk.show(order_id).json["state"] == "submitted", "its queue still has time"
        sweep(desk, minutes=2)
        assert got(desk, order_id) == (10, 0)
    desk.world.drain()
    assert (got(desk, order_id), counters(1), happened(order_id)) == ((10, 0), (0, 10), ["submitted", "reserved"])


def test_one_order_that_cannot_be_swept_does_not_keep_the_others_from_their_turn(desk: Desk) -> None:
    open_shop(stock=10)
    with desk.world.held_back("reserve-stock"):
        broken, sound = (desk.submit(order_of((1, 2))).json["order_id"] for _ in range(2))
        desk.world.relay_once()
        HeaderItem(f"ORDERS#{broken.partition('-')[0]}", "LINES#000001").delete()
        sweep(desk, minutes=3)
    assert got(desk, sound) == (2, 0)


def test_a_line_its_queue_forgot_is_served_by_the_sweep(desk: Desk) -> None:
    open_shop(stock=0)
    order_id = desk.accepted(order_of((1, 10)))
    with desk.world.held_back("reserve-stock"):
        assert desk.receive("DN-1", (sku(1), 10)).status == 201
        desk.world.drain()
        assert got(desk, order_id) == (0, 10)
        sweep(desk, minutes=5)
        assert got(desk, order_id) == (10, 0)
    desk.world.drain()
    assert (got(desk, order_id), counters(1)) == ((10, 0), (0, 10))


# ---- several warehouses ----


def stocked(warehouse: str, *, available: int) -> None:
    """Another warehouse with so many pieces of everything on the first bucket."""
    StockBucketItem(*stock_bucket_key(warehouse, 0), available=[available] * SKUS_PER_BUCKET).save()


def publish(desk: Desk, *alternates: str, version: int = 0) -> Any:
    path = f"/warehouses/{WAREHOUSE}/sourcing-rule"
    body = {"alternates": list(alternates), "reason": "就近", "version": version}
    return desk.world.call("orders", "PUT", path, body=body, token=desk.world.token(role="admin"))


def test_what_home_is_short_of_is_served_by_the_first_warehouse_that_has_all_and_says_why(desk: Desk) -> None:
    open_shop(stock=5)
    stocked("SH", available=7)
    stocked("BJ", available=50)
    assert publish(desk, "SH", "BJ").status == 200
    near, far = desk.accepted(order_of((1, 4))), desk.accepted(order_of((1, 10), (2, 2)))
    assert (desk.show(near).json["warehouse"], desk.show(near).json["sourcing"]) == (WAREHOUSE, [])
    shown = desk.show(far).json
    assert (shown["warehouse"], got(desk, far)) == ("BJ", (12, 0))
    assert [(one["warehouse"], one["pieces"], one["short"]) for one in shown["sourcing"]] == [
        (WAREHOUSE, 3, 1),
        ("SH", 9, 1),
        ("BJ", 12, 0),
    ]
    assert (counters(1), counters(1, "SH"), counters(1, "BJ")) == ((1, 4), (7, 0), (40, 10))


def test_an_order_waits_for_goods_where_it_is_served_from(desk: Desk) -> None:
    open_shop(stock=2)
    stocked("SH", available=6)
    publish(desk, "SH")
    order_id = desk.accepted(order_of((1, 10)))
    assert (desk.show(order_id).json["warehouse"], got(desk, order_id)) == ("SH", (6, 4))
    come_in(desk, "DN-1", (1, 50))
    assert got(desk, order_id) == (6, 4), "goods at home are not where it waits"


def test_a_warehouse_never_stands_in_for_itself(desk: Desk) -> None:
    answer = publish(desk, WAREHOUSE)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "alternates")
