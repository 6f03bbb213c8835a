"""Promise dates of orders: first date, changed date, and a slip before the promised day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from kernel.messaging.outbox import EventItem
from kernel.store.read import query_all
from kernel.time.clock import BUSINESS_ZONE
from services.orders.order.items import HeaderItem
from services.orders.promises import renew_promises as renewal
from services.orders.promises.renew_promises import _renew_order, renew_promises
from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import (
    FRIDAY,
    MONDAY,
    MOVED,
    NEXT_MONDAY,
    SLIPPED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    come_in,
    events,
    expect,
    moves,
    promise_days,
    sweep,
)
from tests.support.fixtures import WAREHOUSE, open_shop, order_of, sku


@pytest.mark.parametrize(("at", "day"), [("2026-11-23 16:59", MONDAY), ("2026-11-27 17:00", NEXT_MONDAY)])
def test_reserved_order_is_promised_without_extra_event_or_item(client: OrdersClient, at: str, day: str) -> None:
    open_shop()
    client.world.clock.set(datetime.fromisoformat(at).replace(tzinfo=BUSINESS_ZONE))
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    assert promise_days(client, order_id) == [day, day]
    assert [message.type for message in events(order_id)] == ["order.submitted.v1", "order.reserved.v1"]
    reserved = events(order_id)[1].data
    assert (reserved["promised_on"], reserved.get("backordered_lines")) == (day, None)
    kinds = {item["kind"] for item in client.world.items("ORDERS#D0001")}
    assert kinds == {"order", "order_lines", "order_entry", "event"}


def test_promise_of_a_reserved_order_costs_no_extra_kilobyte(client: OrdersClient) -> None:
    open_shop(stock=600)
    client.accepted(order_of(*((number % 10, 10) for number in range(500)), urgent=True))
    (header,) = query_all(HeaderItem, "ORDERS#D0001", sk=HeaderItem.sk.startswith("HEADER#"))
    reserved = EventItem.get("ORDERS#D0001", "EVENT#D0001-000001#000002")
    for item in (header, reserved):
        assert MONDAY in str(item.attribute_values)
        stored = item.serialize()
        assert sum(len(name) + len(str(next(iter(value.values())))) for name, value in stored.items()) < 1_000


def test_slip_is_published_once_when_approval_misses_the_cut_off(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    sweep(client, "2026-11-23 16:59")
    assert moves(order_id) == []
    sweep(client, "2026-11-23 17:00")
    sweep(client, "2026-11-23 23:59")
    assert moves(order_id) == [(SLIPPED, [([1, 2], MONDAY, TUESDAY)])]
    assert promise_days(client, order_id) == [TUESDAY, TUESDAY]
    inbox = client.world.call("notifications", "GET", "/inbox", token=client.world.token(dealer_id="D0001")).json
    assert sum("延期" in message["title_zh"] for message in inbox["messages"]) == 1


def test_approved_order_ships_that_evening_or_publishes_a_slip(client: OrdersClient) -> None:
    open_shop()
    leaves, stays = client.approved(order_of((1, 10))), client.approved(order_of((1, 10)))
    sweep(client, "2026-11-23 19:59")
    assert (moves(leaves), moves(stays)) == ([], [])
    assert client.ship(leaves).status == 201
    sweep(client, "2026-11-23 20:00")
    assert (moves(leaves), moves(stays)) == ([], [(SLIPPED, [([1], MONDAY, TUESDAY)])])
    assert promise_days(client, leaves) == [MONDAY]


def test_backorders_are_promised_in_queue_order_while_covered(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    expect(client, "PO-2", "2026-11-27", (1, 5), (2, 5))
    first = client.accepted(order_of((1, 10), (2, 3)))
    second = client.accepted(order_of((1, 6), (2, 6)), dealer="D0002")
    third = client.accepted(order_of((1, 4), (3, 1)))
    assert promise_days(client, first) == [THURSDAY, MONDAY]
    assert promise_days(client, second) == [NEXT_MONDAY, NEXT_MONDAY]
    assert promise_days(client, third) == [None, MONDAY]
    assert moves(first) == [(MOVED, [([1], None, THURSDAY)])]
    assert moves(third) == []
    assert events(third)[1].data["backordered_lines"] == [1]
    token = client.world.token(dealer_id="D0002")
    shown = client.world.call("orders", "GET", f"/orders/{second}/timeline", token=token).json["entries"]
    assert [entry["facts"].get("backordered_lines", entry["facts"].get("moved")) for entry in shown[1:]] == [
        [1, 2],
        [{"lines": [1, 2], "reserved": False, "old": None, "new": NEXT_MONDAY}],
    ]


def test_wait_order_is_promised_one_day_for_all_lines(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    order_id = client.accepted(order_of((1, 10), (2, 3), shortage_policy="wait"))
    assert promise_days(client, order_id) == [THURSDAY, THURSDAY]
    none = client.accepted(order_of((2, 4), (3, 9), shortage_policy="wait"))
    assert promise_days(client, none) == [None, None]


def test_moved_delivery_moves_only_the_promises_it_covers(client: OrdersClient) -> None:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10), (2, 10))
    expect(client, "PO-2", WEDNESDAY, (3, 10))
    moved = client.accepted(order_of((1, 4), (2, 4), (3, 4)))
    other = client.accepted(order_of((3, 4)), dealer="D0002")
    expect(client, "PO-1", FRIDAY, (1, 10), (2, 10), version=1)
    assert moves(moved)[1:] == [(SLIPPED, [([1, 2], THURSDAY, NEXT_MONDAY)])]
    expect(client, "PO-1", TUESDAY, (1, 10), version=2)
    assert moves(moved)[2:] == [(SLIPPED, [([1], NEXT_MONDAY, WEDNESDAY), ([2], NEXT_MONDAY, None)])]
    assert promise_days(client, moved) == [WEDNESDAY, None, THURSDAY]
    assert len(moves(other)) == 1


def test_leaving_order_moves_later_promises_forward(client: OrdersClient) -> None:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    expect(client, "PO-2", FRIDAY, (1, 10))
    first = client.accepted(order_of((1, 10)))
    second = client.accepted(order_of((1, 10)), dealer="D0002")
    assert client.act(first, "cancel", {"reason": "不要了"}).status == 200
    client.world.drain()
    assert moves(second) == [(MOVED, [([1], None, NEXT_MONDAY)]), (MOVED, [([1], NEXT_MONDAY, THURSDAY)])]
    assert promise_days(client, first) == [None]


def test_urgent_order_moves_the_promises_behind_it(client: OrdersClient) -> None:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    waits = client.accepted(order_of((1, 10)))
    ahead = client.accepted(order_of((1, 1), urgent=True), dealer="D0002")
    assert promise_days(client, ahead) == [THURSDAY]
    assert moves(waits) == [(MOVED, [([1], None, THURSDAY)]), (SLIPPED, [([1], THURSDAY, None)])]


def test_wait_order_gets_new_promise_when_its_stock_is_taken(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (2, 10))
    expect(client, "PO-2", FRIDAY, (1, 10))
    whole = client.accepted(order_of((1, 4), (2, 9), shortage_policy="wait"))
    assert promise_days(client, whole) == [THURSDAY, THURSDAY]
    client.accepted(order_of((1, 2)), dealer="D0002")
    assert moves(whole)[1:] == [(SLIPPED, [([1, 2], THURSDAY, NEXT_MONDAY)])]


def test_lost_or_sent_stock_slips_the_promises_it_covered(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (2, 10))
    whole = client.accepted(order_of((1, 4), (2, 9), shortage_policy="wait"))
    assert client.adjust("lost", "L-1", (sku(1), 1)).status == 201
    client.world.drain()
    assert moves(whole)[1:] == [(SLIPPED, [([1, 2], THURSDAY, None)])]


def test_received_goods_ship_no_later_than_promised(client: OrdersClient) -> None:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10), (2, 10))
    order_id = client.accepted(order_of((1, 10), (2, 10), (3, 1)))
    come_in(client, "DN-1", (1, 10), expected="PO-1")
    assert promise_days(client, order_id) == [MONDAY, THURSDAY, None]
    assert events(order_id)[-1].data["promised_on"] == MONDAY
    assert [kind for kind, _ in moves(order_id)] == [MOVED]


def test_overdue_delivery_publishes_slips_the_evening_before(client: OrdersClient) -> None:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    order_id = client.accepted(order_of((1, 10)))
    sweep(client, "2026-11-25 16:59")
    assert len(moves(order_id)) == 1
    sweep(client, "2026-11-25 17:01")
    sweep(client, "2026-11-25 23:59")
    assert moves(order_id)[1:] == [(SLIPPED, [([1], THURSDAY, FRIDAY)])]
    come_in(client, "DN-1", (1, 10), expected="PO-1")
    assert promise_days(client, order_id) == [THURSDAY]


def test_sweep_renews_promises_beyond_the_batch_limit(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=0)
    orders = [client.accepted(order_of((1, 1))) for _ in range(3)]
    monkeypatch.setattr(renewal, "_MOST", 2)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    assert [len(moves(one)) for one in orders] == [1, 1, 0]
    sweep(client)
    assert [len(moves(one)) for one in orders] == [1, 1, 1]


def test_promise_renewal_keeps_newer_dates_when_its_read_is_stale(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    order_id = client.accepted(order_of((1, 4)))
    assert client.expect("PO-1", FRIDAY, (sku(1), 10), version=1).status == 200
    tell, once = _renew_order, iter([True])

    def overtaken(*asked: Any) -> None:
        if next(once, False):
            expect(client, "PO-1", TUESDAY, (1, 10), version=2)
        tell(*asked)

    monkeypatch.setattr(renewal, "_renew_order", overtaken)
    renew_promises(WAREHOUSE)
    assert [(kind, lines[0][2]) for kind, lines in moves(order_id)] == [(MOVED, THURSDAY), (MOVED, WEDNESDAY)]
    assert promise_days(client, order_id) == [WEDNESDAY]


def test_promise_renewal_skips_an_order_that_left_the_queue(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=4)
    order_id = client.accepted(order_of((1, 10)))
    assert client.expect("PO-1", FRIDAY, (sku(1), 10)).status == 200
    tell, once = _renew_order, iter([True])

    def overtaken(*asked: Any) -> None:
        if next(once, False):
            sweep(client, "2026-11-26 10:30")
        tell(*asked)

    monkeypatch.setattr(renewal, "_renew_order", overtaken)
    renew_promises(WAREHOUSE)
    assert promise_days(client, order_id) == [None]
    assert events(order_id)[-1].type == "order.reservation-expired.v1"


def test_expired_reservation_loses_its_promise_until_extended(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", FRIDAY, (1, 10))
    order_id = client.accepted(order_of((1, 10)))
    sweep(client, "2026-11-26 10:30")
    assert (promise_days(client, order_id), events(order_id)[-1].type) == ([None], "order.reservation-expired.v1")
    assert client.act(order_id, "extend-reservation", {"reason": "仍需要"}).status == 200
    client.world.drain()
    assert promise_days(client, order_id) == [NEXT_MONDAY]


def test_promise_beyond_the_known_calendar_shows_its_end(client: OrdersClient) -> None:
    open_shop(stock=0)
    known = client.accepted(order_of((1, 5)))
    assert client.show(known).json["calendar_known_until"] is None
    expect(client, "H1", "2027-02-05", (1, 5))
    shown = client.show(known).json
    assert ([line["promised_on"] for line in shown["lines"]], shown["calendar_known_until"]) == (
        ["2027-02-12"],
        "2027-02-04",
    )
