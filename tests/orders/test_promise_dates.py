"""Promise dates of orders: first date, changed date, and a slip before the promised day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, history
from kernel.store.read import query_all
from kernel.time.clock import BUSINESS_ZONE, parse_stamp
from services.orders.order.items import HeaderItem
from services.orders.promises import renew_promises as renewal
from services.orders.promises.renew_promises import _renew_order, renew_promises
from tests import faults
from tests.orders.client import OrdersClient
from tests.orders.test_single_fault import in_the_end
from tests.shop import WAREHOUSE, open_shop, order_of, sku
from tests.world import World

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY = (f"2026-11-{day}" for day in (23, 24, 25, 26, 27, 30))
_CRASHES = (faults.Kind.CRASH_BEFORE, faults.Kind.CRASH_AFTER)
MOVED, SLIPPED = "promise-moved", "promise-slipped"


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    return OrdersClient(fast_world)


def events(order_id: str) -> list[Envelope]:
    """Events of an order."""
    return list(history(f"ORDERS#{order_id.partition('-')[0]}", order_id))


def moves(order_id: str) -> list[tuple[str, list[tuple[list[int], str | None, str | None]]]]:
    """Changed promise dates of an order: event type, lines, old and new date."""
    return [
        (
            message.type.split(".")[1],
            [(one["lines"], one.get("old"), one.get("new")) for one in message.data["moved"]],
        )
        for message in events(order_id)
        if ".promise-" in message.type
    ]


def promise_days(client: OrdersClient, order_id: str) -> list[str | None]:
    """Promise date of each line, as the dealer sees it."""
    shown = client.show(order_id, dealer=order_id.partition("-")[0])
    return [line["promised_on"] for line in shown.json["lines"]]


def expect(client: OrdersClient, reference: str, day: str, *lines: tuple[int, int], version: int = 0) -> None:
    """Announce an expected delivery and deliver all messages."""
    answer = client.expect(reference, day, *((sku(number), pieces) for number, pieces in lines), version=version)
    assert answer.status == 200, answer.json
    client.world.drain()


def come_in(client: OrdersClient, reference: str, *lines: tuple[int, int], expected: str | None = None) -> None:
    """Post a goods receipt and deliver all messages."""
    answer = client.receive(reference, *((sku(number), pieces) for number, pieces in lines), expected=expected)
    assert answer.status == 201, answer.json
    client.world.drain()


def sweep(client: OrdersClient, moment: str | None = None) -> None:
    """Run the sweep at a time such as `2026-11-25 17:01` in Shanghai."""
    if moment:
        client.world.clock.set(datetime.fromisoformat(moment).replace(tzinfo=BUSINESS_ZONE))
    client.world.periodic("orders", "sweep_orders")
    client.world.drain()


# ---- reserved ----


@pytest.mark.parametrize(("at", "day"), [("2026-11-23 16:59", MONDAY), ("2026-11-27 17:00", NEXT_MONDAY)])
def test_reserved_order_is_promised_without_extra_event_or_item(client: OrdersClient, at: str, day: str) -> None:
    open_shop()
    client.world.clock.set(datetime.fromisoformat(at).replace(tzinfo=BUSINESS_ZONE))
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    assert promise_days(client, order_id) == [day, day]
    assert [message.type for message in events(order_id)] == ["order.submitted.v1", "order.reserved.v1"]
    reserved = events(order_id)[1].data
    assert (reserved["promised_on"], reserved.get("backordered_lines")) == (day, None)
    assert {item["kind"] for item in client.world.items("ORDERS#D0001")} == {"order", "order_lines", "event"}


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


# ---- backordered ----


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


# ---- what may be promised ----


def test_available_to_promise_excludes_promised_backorders(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (1, 10), (2, 5))
    expect(client, "PO-2", FRIDAY, (1, 8))
    waits = client.accepted(order_of((1, 10)))
    shown = client.promisable(sku(1), sku(2)).json["skus"]
    assert shown == [
        {
            "sku": sku(1),
            "days": [
                {"day": MONDAY, "pieces": 0, "cumulative": 0},
                {"day": THURSDAY, "pieces": 4, "cumulative": 4},
                {"day": NEXT_MONDAY, "pieces": 8, "cumulative": 12},
            ],
        },
        {
            "sku": sku(2),
            "days": [
                {"day": MONDAY, "pieces": 4, "cumulative": 4},
                {"day": THURSDAY, "pieces": 5, "cumulative": 9},
            ],
        },
    ]
    assert client.promisable(sku(1), sku(2), dealer="D0001").json["skus"] == shown
    fits, too_many = client.accepted(order_of((1, 4))), client.accepted(order_of((1, 9)))
    assert (promise_days(client, fits), promise_days(client, too_many)) == ([THURSDAY], [None])
    assert len(moves(waits)) == 1


def test_dealer_sees_available_to_promise_of_the_own_warehouse_only(client: OrdersClient) -> None:
    open_shop()
    assert client.promisable(sku(1), dealer="D0001").status == 200
    other = client.promisable(sku(1), dealer="D0001", warehouse="SH")
    assert (other.status, other.json) == (404, client.promisable(sku(1), dealer="D0001", warehouse="XX").json)
    assert client.promisable(sku(1), warehouse="SH").json["skus"][0]["days"][0]["cumulative"] == 0
    assert client.promisable("L404", dealer="D0001").status == 422


# ---- on-time rate ----


def test_on_time_rate_uses_the_day_first_promised(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (2, 20))
    in_time, late = client.approved(order_of((1, 3))), client.approved(order_of((1, 1)))
    waited, undated = client.accepted(order_of((2, 6))), client.accepted(order_of((3, 4), (1, 2)))
    assert client.ship(in_time).status == 201
    sweep(client, "2026-11-23 20:00")
    sweep(client, "2026-11-24 09:00")
    assert client.ship(late).status == 201
    sweep(client, "2026-11-25 17:01")  # the delivery is late: promised for Friday instead of Thursday
    client.world.clock.set(datetime.fromisoformat("2026-11-27 10:00").replace(tzinfo=BUSINESS_ZONE))
    come_in(client, "DN-1", (2, 20), (1, 2), expected="PO-1")
    for order_id in (waited, undated):
        assert client.act(order_id, "holds/stock/release", {"reason": "放行"}).status in {200, 404}
        assert client.act(order_id, "approve", {}).status == 200
        assert client.ship(order_id).status == 201
    assert on_time_report(client)["skus"] == [
        {"sku": sku(1), "on_time": 3, "late": 1, "undated": 2, "on_time_rate": "0.7500"},
        {
            "sku": sku(2),
            "on_time": 0,
            "late": 6,
            "undated": 0,
            "on_time_rate": "0.0000",
        },  # the last two were promised for Thursday
        {"sku": sku(3), "on_time": 0, "late": 4, "undated": 0, "on_time_rate": "0.0000"},
    ]
    assert on_time_report(client)["total"] == {
        "sku": None,
        "on_time": 3,
        "late": 11,
        "undated": 2,
        "on_time_rate": "0.2143",
    }
    assert on_time_report(client, sku=sku(1))["total"]["on_time_rate"] == "0.7500"
    assert on_time_report(client, month="2026-12")["total"] == {
        "sku": None,
        "on_time": 0,
        "late": 0,
        "undated": 0,
        "on_time_rate": None,
    }


def test_on_time_rate_ignores_promises_made_after_the_shipment(client: OrdersClient) -> None:
    open_shop(stock=4)
    order_id = client.approved_in_part(order_of((1, 10)))
    assert client.ship(order_id).status == 201
    assert client.expect("PO-1", WEDNESDAY, (sku(1), 10)).status == 200
    client.world.relay_once()
    client.world.consume_once(
        "orders", "reserve_stock"
    )  # the line has a date now, and the shipment is not recorded yet
    assert on_time_report(client)["skus"] == [
        {"sku": sku(1), "on_time": 0, "late": 0, "undated": 4, "on_time_rate": None}
    ]


def test_shipment_punctuality_is_recorded_once_when_any_call_fails(client: OrdersClient) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop()
        orders[:] = [client.approved(order_of((1, 10), (2, 5)))]

    for fault in faults.every_point(
        client.world, prepare=prepare, act=lambda: client.ship(orders[0], key="once"), kinds=_CRASHES
    ):
        assert in_the_end(lambda: client.ship(orders[0], key="once")).status == 201, fault
        assert on_time_report(client)["total"]["on_time"] == 15, fault
        client.world.redeliver_everything()
        assert on_time_report(client)["total"]["on_time"] == 15, fault


def on_time_report(client: OrdersClient, **query: str) -> Any:
    """Return the on-time rate of November, as any dealer may read it once all shipments are recorded."""
    client.world.drain()
    asked = {"warehouse": "GZ", "month": "2026-11"} | query
    token = client.world.token(dealer_id="D0002")
    return client.world.call("orders", "GET", "/on-time-rate", query=asked, token=token).json


# ---- any fault, any order ----


def _delivery_slips(client: OrdersClient) -> list[str]:
    open_shop(stock=0)
    expect(client, "PO-1", WEDNESDAY, (1, 10))
    orders = [client.accepted(order_of((1, 4), (2, 1))), client.accepted(order_of((1, 6)), dealer="D0002")]
    assert client.expect("PO-1", FRIDAY, (sku(1), 10), version=1).status == 200
    return orders


def test_slip_is_published_once_when_any_call_fails(client: OrdersClient) -> None:
    orders: list[str] = []

    def prepare() -> None:
        orders[:] = _delivery_slips(client)
        client.world.relay_once()

    for fault in faults.every_point(
        client.world, prepare=prepare, act=client.world.drain, within="orders.reserve_stock"
    ):
        client.world.drain()
        assert [moves(one)[1:] for one in orders] == [[(SLIPPED, [([1], THURSDAY, NEXT_MONDAY)])]] * 2, fault


def test_overdue_delivery_slips_once_when_any_call_of_the_sweep_fails(client: OrdersClient) -> None:
    orders: list[str] = []

    def prepare() -> None:
        orders[:] = _delivery_slips(client)
        client.world.drain()
        client.world.clock.set(datetime.fromisoformat("2026-11-29 17:05").replace(tzinfo=BUSINESS_ZONE))

    def act() -> None:
        with suppress(Exception):  # the sweep runs again
            client.world.periodic("orders", "sweep_orders")

    for fault in faults.every_point(client.world, prepare=prepare, act=act):
        for _ in range(2):
            sweep(client)
            assert [moves(one)[2:] for one in orders] == [[(SLIPPED, [([1], NEXT_MONDAY, "2026-12-01")])]] * 2, fault


def test_redelivery_publishes_no_promise_twice(client: OrdersClient) -> None:
    _delivery_slips(client)
    client.world.drain()
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before


# ---- a calendar ----


def _calendar(client: OrdersClient, random: Random) -> Iterator[str]:
    """Play three weeks with a supplier who is often late and clerks who do not always approve."""
    expected: dict[str, tuple[date, int]] = {}
    made = 0
    for day in (date(2026, 9, 16) + timedelta(days=number) for number in range(28)):
        for clock in ("09:00", "11:00", "14:00", "17:01", "20:01", "23:59"):
            sweep(client, f"{day} {clock}")
            if clock in {"17:01", "20:01", "23:59"}:
                if clock == "17:01":
                    for order_id in [one for one in orders_of(client) if random.random() < 0.7]:
                        client.ship(order_id)
                continue
            if random.random() < 0.4:
                made += 1
                when = day + timedelta(days=random.randint(1, 6))
                expected[f"PO-{made}"] = when, random.randint(1, 30)
                expect(client, f"PO-{made}", when.isoformat(), (1, expected[f"PO-{made}"][1]))
            for reference, (when, pieces) in list(expected.items()):
                if when <= day and random.random() < 0.5:
                    come_in(client, f"DN-{reference}", (1, pieces), expected=reference)
                    del expected[reference]
            if random.random() < 0.8:
                body = order_of((1, random.randint(1, 20)), shortage_policy=random.choice(["ship_available", "wait"]))
                yield client.accepted(body, dealer=random.choice(["D0001", "D0002"]))
            for order_id in in_review(client):
                if random.random() < 0.6:
                    for hold in client.show(order_id).json["holds"]:
                        client.act(order_id, f"holds/{hold}/release", {"reason": "放行"}, role="admin")
                    client.act(order_id, "approve", {})
                    client.world.drain()


def in_review(client: OrdersClient) -> list[str]:
    """Ids of the orders in review."""
    return _waiting(client, "in_review")


def orders_of(client: OrdersClient) -> list[str]:
    """Ids of the orders that may be shipped."""
    return _waiting(client, "confirmed")


def _waiting(client: OrdersClient, state: str) -> list[str]:
    query = {"state": state, "limit": 100}
    token = client.world.token(role="assistant")
    found = client.world.call("orders", "GET", "/review-queue", query=query, token=token).json["orders"]
    return [one["order_id"] for one in found]


def test_every_slip_is_published_before_the_promised_day_ends(client: OrdersClient) -> None:
    """A slip of backordered pieces is published before the day itself. A slip of reserved pieces is published while
    they could still leave.
    """
    open_shop(stock=10, products=2)
    orders = list(_calendar(client, Random(1)))
    slipped = on_time_report = 0
    for order_id in orders:
        standing: dict[bool, str | None] = {True: None, False: None}
        for message in events(order_id):
            at, data = parse_stamp(message.time).astimezone(BUSINESS_ZONE), message.data
            for one in data.get("moved", []):
                old, new, reserved = one.get("old"), one.get("new"), one["reserved"]
                assert standing[reserved] == old, "a day moves from where it stood"
                standing[reserved] = new
                if old and (new or "9") > old:
                    slipped += 1
                    assert f"{at:%Y-%m-%d %H:%M}" < (f"{old} 20:02" if reserved else f"{old} 00:00"), (
                        order_id,
                        message,
                    )
            if message.type in {"order.reserved.v1", "order.backorders-filled.v1"}:
                waited = standing[False] if message.type == "order.backorders-filled.v1" else None
                standing[True] = data.get("promised_on")
                assert not waited or str(standing[True]) <= waited, "goods that came are not promised for later"
                standing[False] = standing[False] if data["backordered"] else None
            if message.type == "order.reservation-expired.v1":
                standing = {True: None, False: None}
            if message.type == "order.shipped.v1":
                assert at.date().isoformat() <= str(standing[True]), (order_id, message)
                on_time_report += 1
    assert slipped > 10 and on_time_report > 10, (slipped, on_time_report)
