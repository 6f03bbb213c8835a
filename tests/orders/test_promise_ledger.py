"""When its pieces leave is told to every order, told anew when that changes, and a slip before the day it was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, history
from kernel.store.table import query_all
from kernel.time.clock import BUSINESS_ZONE, parse_stamp
from services.orders.order.items import HeaderItem
from services.orders.promises import renew_promises as renewal
from services.orders.promises.renew_promises import _renew_order, renew_promises
from tests import faults
from tests.orders.desk import Desk
from tests.orders.test_faults import in_the_end
from tests.shop import WAREHOUSE, open_shop, order_of, sku
from tests.world import World

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY = (f"2026-11-{day}" for day in (23, 24, 25, 26, 27, 30))
_CRASHES = (faults.Kind.CRASH_BEFORE, faults.Kind.CRASH_AFTER)
MOVED, SLIPPED = "promise-moved", "promise-slipped"


@pytest.fixture
def desk(fast_world: World) -> Desk:
    return Desk(fast_world)


def told(order_id: str) -> list[Envelope]:
    """The events of an order."""
    return list(history(f"ORDERS#{order_id.partition('-')[0]}", order_id))


def moves(order_id: str) -> list[tuple[str, list[tuple[list[int], str | None, str | None]]]]:
    """How the days of an order's lines moved: what was said, of which lines, from which day to which."""
    return [
        (
            message.type.split(".")[1],
            [(one["lines"], one.get("old"), one.get("new")) for one in message.data["moved"]],
        )
        for message in told(order_id)
        if ".promise-" in message.type
    ]


def days(desk: Desk, order_id: str) -> list[str | None]:
    """The day of each line, as the dealer sees it."""
    shown = desk.show(order_id, dealer=order_id.partition("-")[0])
    return [line["promised_on"] for line in shown.json["lines"]]


def expect(desk: Desk, reference: str, day: str, *lines: tuple[int, int], version: int = 0) -> None:
    """Goods are expected, and everything that follows from it happens."""
    answer = desk.expect(reference, day, *((sku(number), pieces) for number, pieces in lines), version=version)
    assert answer.status == 200, answer.json
    desk.world.drain()


def come_in(desk: Desk, reference: str, *lines: tuple[int, int], expected: str | None = None) -> None:
    """Goods come in, and everything that follows from it happens."""
    answer = desk.receive(reference, *((sku(number), pieces) for number, pieces in lines), expected=expected)
    assert answer.status == 201, answer.json
    desk.world.drain()


def sweep(desk: Desk, moment: str | None = None) -> None:
    """The sweep comes round, at `2026-11-25 17:01` in Shanghai."""
    if moment:
        desk.world.clock.set(datetime.fromisoformat(moment).replace(tzinfo=BUSINESS_ZONE))
    desk.world.periodic("orders", "sweep_orders")
    desk.world.drain()


# ---- held ----


@pytest.mark.parametrize(("at", "day"), [("2026-11-23 16:59", MONDAY), ("2026-11-27 17:00", NEXT_MONDAY)])
def test_what_is_held_at_once_is_promised_for_the_day_it_leaves_in_no_event_or_item_of_its_own(
    desk: Desk, at: str, day: str
) -> None:
    open_shop()
    desk.world.clock.set(datetime.fromisoformat(at).replace(tzinfo=BUSINESS_ZONE))
    order_id = desk.accepted(order_of((1, 10), (2, 5)))
    assert days(desk, order_id) == [day, day]
    assert [message.type for message in told(order_id)] == ["order.submitted.v1", "order.reserved.v1"]
    reserved = told(order_id)[1].data
    assert (reserved["promised_on"], reserved.get("backordered_lines")) == (day, None)
    assert {item["kind"] for item in desk.world.items("ORDERS#D0001")} == {"order", "order_lines", "event"}


def test_a_promise_costs_an_order_that_is_held_no_further_kilobyte(desk: Desk) -> None:
    open_shop(stock=600)
    desk.accepted(order_of(*((number % 10, 10) for number in range(500)), urgent=True))
    (header,) = query_all(HeaderItem, "ORDERS#D0001", sk=HeaderItem.sk.startswith("HEADER#"))
    reserved = EventItem.get("ORDERS#D0001", "EVENT#D0001-000001#000002")
    for item in (header, reserved):
        assert MONDAY in str(item.attribute_values)
        stored = item.serialize()
        assert sum(len(name) + len(str(next(iter(value.values())))) for name, value in stored.items()) < 1_000


def test_what_is_not_approved_by_the_cut_off_is_told_to_leave_later_once(desk: Desk) -> None:
    open_shop()
    order_id = desk.accepted(order_of((1, 10), (2, 5)))
    sweep(desk, "2026-11-23 16:59")
    assert moves(order_id) == []
    sweep(desk, "2026-11-23 17:00")
    sweep(desk, "2026-11-23 23:59")
    assert moves(order_id) == [(SLIPPED, [([1, 2], MONDAY, TUESDAY)])]
    assert days(desk, order_id) == [TUESDAY, TUESDAY]
    inbox = desk.world.call("notifications", "GET", "/inbox", token=desk.world.token(dealer_id="D0001")).json
    assert sum("延期" in message["title_zh"] for message in inbox["messages"]) == 1


def test_what_is_approved_in_time_leaves_that_evening_or_is_told_not_to(desk: Desk) -> None:
    open_shop()
    leaves, stays = desk.approved(order_of((1, 10))), desk.approved(order_of((1, 10)))
    sweep(desk, "2026-11-23 19:59")
    assert (moves(leaves), moves(stays)) == ([], [])
    assert desk.ship(leaves).status == 201
    sweep(desk, "2026-11-23 20:00")
    assert (moves(leaves), moves(stays)) == ([], [(SLIPPED, [([1], MONDAY, TUESDAY)])])
    assert days(desk, leaves) == [MONDAY]


# ---- waited for ----


def test_who_waits_is_told_a_day_down_the_line_and_nobody_a_day_that_nothing_covers(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    expect(desk, "PO-2", "2026-11-27", (1, 5), (2, 5))
    first = desk.accepted(order_of((1, 10), (2, 3)))
    second = desk.accepted(order_of((1, 6), (2, 6)), dealer="D0002")
    third = desk.accepted(order_of((1, 4), (3, 1)))
    assert days(desk, first) == [THURSDAY, MONDAY]
    assert days(desk, second) == [NEXT_MONDAY, NEXT_MONDAY]
    assert days(desk, third) == [None, MONDAY]
    assert moves(first) == [(MOVED, [([1], None, THURSDAY)])]
    assert moves(third) == []
    assert told(third)[1].data["backordered_lines"] == [1]
    token = desk.world.token(dealer_id="D0002")
    shown = desk.world.call("orders", "GET", f"/orders/{second}/timeline", token=token).json["entries"]
    assert [entry["facts"].get("backordered_lines", entry["facts"].get("moved")) for entry in shown[1:]] == [
        [1, 2],
        [{"lines": [1, 2], "reserved": False, "old": None, "new": NEXT_MONDAY}],
    ]


def test_an_order_that_takes_only_all_of_it_is_told_one_day_for_all_its_lines(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    order_id = desk.accepted(order_of((1, 10), (2, 3), shortage_policy="wait"))
    assert days(desk, order_id) == [THURSDAY, THURSDAY]
    none = desk.accepted(order_of((2, 4), (3, 9), shortage_policy="wait"))
    assert days(desk, none) == [None, None]


def test_a_delivery_that_moves_moves_the_days_of_those_it_serves_and_of_nobody_else(desk: Desk) -> None:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10), (2, 10))
    expect(desk, "PO-2", WEDNESDAY, (3, 10))
    moved = desk.accepted(order_of((1, 4), (2, 4), (3, 4)))
    other = desk.accepted(order_of((3, 4)), dealer="D0002")
    expect(desk, "PO-1", FRIDAY, (1, 10), (2, 10), version=1)
    assert moves(moved)[1:] == [(SLIPPED, [([1, 2], THURSDAY, NEXT_MONDAY)])]
    expect(desk, "PO-1", TUESDAY, (1, 10), version=2)
    assert moves(moved)[2:] == [(SLIPPED, [([1], NEXT_MONDAY, WEDNESDAY), ([2], NEXT_MONDAY, None)])]
    assert days(desk, moved) == [WEDNESDAY, None, THURSDAY]
    assert len(moves(other)) == 1


def test_who_leaves_the_line_brings_those_behind_forward(desk: Desk) -> None:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    expect(desk, "PO-2", FRIDAY, (1, 10))
    first = desk.accepted(order_of((1, 10)))
    second = desk.accepted(order_of((1, 10)), dealer="D0002")
    assert desk.act(first, "cancel", {"reason": "不要了"}).status == 200
    desk.world.drain()
    assert moves(second) == [(MOVED, [([1], None, NEXT_MONDAY)]), (MOVED, [([1], NEXT_MONDAY, THURSDAY)])]
    assert days(desk, first) == [None]


def test_an_urgent_order_that_goes_ahead_moves_those_behind_it(desk: Desk) -> None:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    waits = desk.accepted(order_of((1, 10)))
    ahead = desk.accepted(order_of((1, 1), urgent=True), dealer="D0002")
    assert days(desk, ahead) == [THURSDAY]
    assert moves(waits) == [(MOVED, [([1], None, THURSDAY)]), (SLIPPED, [([1], THURSDAY, None)])]


def test_goods_taken_from_under_one_who_waits_for_all_of_it_are_told_to_it_at_once(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", WEDNESDAY, (2, 10))
    expect(desk, "PO-2", FRIDAY, (1, 10))
    whole = desk.accepted(order_of((1, 4), (2, 9), shortage_policy="wait"))
    assert days(desk, whole) == [THURSDAY, THURSDAY]
    desk.accepted(order_of((1, 2)), dealer="D0002")
    assert moves(whole)[1:] == [(SLIPPED, [([1, 2], THURSDAY, NEXT_MONDAY)])]


def test_goods_that_are_lost_or_sent_away_are_told_to_who_counted_on_them(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", WEDNESDAY, (2, 10))
    whole = desk.accepted(order_of((1, 4), (2, 9), shortage_policy="wait"))
    assert desk.adjust("lost", "L-1", (sku(1), 1)).status == 201
    desk.world.drain()
    assert moves(whole)[1:] == [(SLIPPED, [([1, 2], THURSDAY, None)])]


def test_goods_that_come_in_are_held_and_leave_no_later_than_promised(desk: Desk) -> None:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10), (2, 10))
    order_id = desk.accepted(order_of((1, 10), (2, 10), (3, 1)))
    come_in(desk, "DN-1", (1, 10), expected="PO-1")
    assert days(desk, order_id) == [MONDAY, THURSDAY, None]
    assert told(order_id)[-1].data["promised_on"] == MONDAY
    assert [kind for kind, _ in moves(order_id)] == [MOVED]


def test_an_overdue_delivery_is_told_the_evening_before_the_day_it_was_promised_for(desk: Desk) -> None:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    order_id = desk.accepted(order_of((1, 10)))
    sweep(desk, "2026-11-25 16:59")
    assert len(moves(order_id)) == 1
    sweep(desk, "2026-11-25 17:01")
    sweep(desk, "2026-11-25 23:59")
    assert moves(order_id)[1:] == [(SLIPPED, [([1], THURSDAY, FRIDAY)])]
    come_in(desk, "DN-1", (1, 10), expected="PO-1")
    assert days(desk, order_id) == [THURSDAY]


def test_more_orders_than_are_told_in_one_go_are_told_by_the_sweep(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=0)
    orders = [desk.accepted(order_of((1, 1))) for _ in range(3)]
    monkeypatch.setattr(renewal, "_MOST", 2)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    assert [len(moves(one)) for one in orders] == [1, 1, 0]
    sweep(desk)
    assert [len(moves(one)) for one in orders] == [1, 1, 1]


def test_who_looked_earlier_does_not_take_back_what_was_told_since(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    order_id = desk.accepted(order_of((1, 4)))
    assert desk.expect("PO-1", FRIDAY, (sku(1), 10), version=1).status == 200
    tell, once = _renew_order, iter([True])

    def overtaken(*asked: Any) -> None:
        if next(once, False):
            expect(desk, "PO-1", TUESDAY, (1, 10), version=2)
        tell(*asked)

    monkeypatch.setattr(renewal, "_renew_order", overtaken)
    renew_promises(WAREHOUSE)
    assert [(kind, lines[0][2]) for kind, lines in moves(order_id)] == [(MOVED, THURSDAY), (MOVED, WEDNESDAY)]
    assert days(desk, order_id) == [WEDNESDAY]


def test_who_lost_its_place_meanwhile_is_told_no_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=4)
    order_id = desk.accepted(order_of((1, 10)))
    assert desk.expect("PO-1", FRIDAY, (sku(1), 10)).status == 200
    tell, once = _renew_order, iter([True])

    def overtaken(*asked: Any) -> None:
        if next(once, False):
            sweep(desk, "2026-11-26 10:30")
        tell(*asked)

    monkeypatch.setattr(renewal, "_renew_order", overtaken)
    renew_promises(WAREHOUSE)
    assert days(desk, order_id) == [None]
    assert told(order_id)[-1].type == "order.reservation-expired.v1"


def test_a_hold_that_ends_takes_the_promise_with_it_and_a_renewed_order_gets_another(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", FRIDAY, (1, 10))
    order_id = desk.accepted(order_of((1, 10)))
    sweep(desk, "2026-11-26 10:30")
    assert (days(desk, order_id), told(order_id)[-1].type) == ([None], "order.reservation-expired.v1")
    assert desk.act(order_id, "extend-reservation", {"reason": "仍需要"}).status == 200
    desk.world.drain()
    assert days(desk, order_id) == [NEXT_MONDAY]


# ---- what may be promised ----


def test_what_may_be_promised_leaves_to_the_line_what_it_was_told(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", WEDNESDAY, (1, 10), (2, 5))
    expect(desk, "PO-2", FRIDAY, (1, 8))
    waits = desk.accepted(order_of((1, 10)))
    shown = desk.promisable(sku(1), sku(2)).json["skus"]
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
    assert desk.promisable(sku(1), sku(2), dealer="D0001").json["skus"] == shown
    fits, too_many = desk.accepted(order_of((1, 4))), desk.accepted(order_of((1, 9)))
    assert (days(desk, fits), days(desk, too_many)) == ([THURSDAY], [None])
    assert len(moves(waits)) == 1


def test_a_dealer_sees_what_its_own_warehouse_may_promise_and_of_others_not_that_they_are_there(desk: Desk) -> None:
    open_shop()
    assert desk.promisable(sku(1), dealer="D0001").status == 200
    other = desk.promisable(sku(1), dealer="D0001", warehouse="SH")
    assert (other.status, other.json) == (404, desk.promisable(sku(1), dealer="D0001", warehouse="XX").json)
    assert desk.promisable(sku(1), warehouse="SH").json["skus"][0]["days"][0]["cumulative"] == 0
    assert desk.promisable("L404", dealer="D0001").status == 422


# ---- kept or not ----


def test_what_leaves_is_measured_by_the_day_first_promised_however_that_moved(desk: Desk) -> None:
    open_shop(stock=4)
    expect(desk, "PO-1", WEDNESDAY, (2, 20))
    in_time, late = desk.approved(order_of((1, 3))), desk.approved(order_of((1, 1)))
    waited, undated = desk.accepted(order_of((2, 6))), desk.accepted(order_of((3, 4), (1, 2)))
    assert desk.ship(in_time).status == 201
    sweep(desk, "2026-11-23 20:00")
    sweep(desk, "2026-11-24 09:00")
    assert desk.ship(late).status == 201
    sweep(desk, "2026-11-25 17:01")  # the delivery has not come: told for Friday instead of Thursday
    desk.world.clock.set(datetime.fromisoformat("2026-11-27 10:00").replace(tzinfo=BUSINESS_ZONE))
    come_in(desk, "DN-1", (2, 20), (1, 2), expected="PO-1")
    for order_id in (waited, undated):
        assert desk.act(order_id, "holds/stock/release", {"reason": "放行"}).status in {200, 404}
        assert desk.act(order_id, "approve", {}).status == 200
        assert desk.ship(order_id).status == 201
    assert kept(desk)["skus"] == [
        {"sku": sku(1), "on_time": 3, "late": 1, "undated": 2, "on_time_rate": "0.7500"},
        {"sku": sku(2), "on_time": 0, "late": 6, "undated": 0, "on_time_rate": "0.0000"},  # the last two were told for Thursday
        {"sku": sku(3), "on_time": 0, "late": 4, "undated": 0, "on_time_rate": "0.0000"},
    ]
    assert kept(desk)["total"] == {"sku": None, "on_time": 3, "late": 11, "undated": 2, "on_time_rate": "0.2143"}
    assert kept(desk, sku=sku(1))["total"]["on_time_rate"] == "0.7500"
    assert kept(desk, month="2026-12")["total"] == {"sku": None, "on_time": 0, "late": 0, "undated": 0, "on_time_rate": None}


def test_what_left_is_measured_by_what_was_told_before_it_left(desk: Desk) -> None:
    open_shop(stock=4)
    order_id = desk.approved_in_part(order_of((1, 10)))
    assert desk.ship(order_id).status == 201
    assert desk.expect("PO-1", WEDNESDAY, (sku(1), 10)).status == 200
    desk.world.relay_once()
    desk.world.consume_once("orders", "reserve_stock")  # now the line has a day, and nobody has noted the shipment yet
    assert kept(desk)["skus"] == [{"sku": sku(1), "on_time": 0, "late": 0, "undated": 4, "on_time_rate": None}]


def test_a_shipment_is_measured_once_whatever_breaks(desk: Desk) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop()
        orders[:] = [desk.approved(order_of((1, 10), (2, 5)))]

    for fault in faults.every_point(
        desk.world, prepare=prepare, act=lambda: desk.ship(orders[0], key="once"), kinds=_CRASHES
    ):
        assert in_the_end(lambda: desk.ship(orders[0], key="once")).status == 201, fault
        assert kept(desk)["total"]["on_time"] == 15, fault
        desk.world.redeliver_everything()
        assert kept(desk)["total"]["on_time"] == 15, fault


def kept(desk: Desk, **query: str) -> Any:
    """How well the warehouse kept what it promised in November, as any dealer may read once all is noted."""
    desk.world.drain()
    asked = {"warehouse": "GZ", "month": "2026-11"} | query
    token = desk.world.token(dealer_id="D0002")
    return desk.world.call("orders", "GET", "/on-time-rate", query=asked, token=token).json


# ---- whatever breaks, in whatever order ----


def _delivery_slips(desk: Desk) -> list[str]:
    open_shop(stock=0)
    expect(desk, "PO-1", WEDNESDAY, (1, 10))
    orders = [desk.accepted(order_of((1, 4), (2, 1))), desk.accepted(order_of((1, 6)), dealer="D0002")]
    assert desk.expect("PO-1", FRIDAY, (sku(1), 10), version=1).status == 200
    return orders


def test_a_slip_is_told_once_whatever_breaks_while_it_is_found(desk: Desk) -> None:
    orders: list[str] = []

    def prepare() -> None:
        orders[:] = _delivery_slips(desk)
        desk.world.relay_once()

    for fault in faults.every_point(desk.world, prepare=prepare, act=desk.world.drain, within="orders.reserve_stock"):
        desk.world.drain()
        assert [moves(one)[1:] for one in orders] == [[(SLIPPED, [([1], THURSDAY, NEXT_MONDAY)])]] * 2, fault


def test_an_overdue_delivery_is_told_once_whatever_breaks_in_the_sweep(desk: Desk) -> None:
    orders: list[str] = []

    def prepare() -> None:
        orders[:] = _delivery_slips(desk)
        desk.world.drain()
        desk.world.clock.set(datetime.fromisoformat("2026-11-29 17:05").replace(tzinfo=BUSINESS_ZONE))

    def act() -> None:
        with suppress(Exception):  # it comes round again
            desk.world.periodic("orders", "sweep_orders")

    for fault in faults.every_point(desk.world, prepare=prepare, act=act):
        for _ in range(2):
            sweep(desk)
            assert [moves(one)[2:] for one in orders] == [[(SLIPPED, [([1], NEXT_MONDAY, "2026-12-01")])]] * 2, fault


def test_nothing_is_told_twice_when_everything_is_delivered_again(desk: Desk) -> None:
    _delivery_slips(desk)
    desk.world.drain()
    before = desk.world.snapshot()
    desk.world.redeliver_everything()
    assert desk.world.snapshot() == before


# ---- a calendar ----


def _calendar(desk: Desk, random: Random) -> Iterator[str]:
    """Three weeks before a supplier who is often late and a desk that does not always get round to approving."""
    expected: dict[str, tuple[date, int]] = {}
    made = 0
    for day in (date(2026, 9, 16) + timedelta(days=number) for number in range(28)):
        for clock in ("09:00", "11:00", "14:00", "17:01", "20:01", "23:59"):
            sweep(desk, f"{day} {clock}")
            if clock in {"17:01", "20:01", "23:59"}:
                if clock == "17:01":
                    for order_id in [one for one in orders_of(desk) if random.random() < 0.7]:
                        desk.ship(order_id)
                continue
            if random.random() < 0.4:
                made += 1
                when = day + timedelta(days=random.randint(1, 6))
                expected[f"PO-{made}"] = when, random.randint(1, 30)
                expect(desk, f"PO-{made}", when.isoformat(), (1, expected[f"PO-{made}"][1]))
            for reference, (when, pieces) in list(expected.items()):
                if when <= day and random.random() < 0.5:
                    come_in(desk, f"DN-{reference}", (1, pieces), expected=reference)
                    del expected[reference]
            if random.random() < 0.8:
                body = order_of((1, random.randint(1, 20)), shortage_policy=random.choice(["ship_available", "wait"]))
                yield desk.accepted(body, dealer=random.choice(["D0001", "D0002"]))
            for order_id in in_review(desk):
                if random.random() < 0.6:
                    for hold in desk.show(order_id).json["holds"]:
                        desk.act(order_id, f"holds/{hold}/release", {"reason": "放行"}, role="admin")
                    desk.act(order_id, "approve", {})
                    desk.world.drain()


def in_review(desk: Desk) -> list[str]:
    """The orders that wait for a decision."""
    return _waiting(desk, "in_review")


def orders_of(desk: Desk) -> list[str]:
    """The orders that may be shipped."""
    return _waiting(desk, "confirmed")


def _waiting(desk: Desk, state: str) -> list[str]:
    query = {"state": state, "limit": 100}
    token = desk.world.token(role="assistant")
    found = desk.world.call("orders", "GET", "/review-queue", query=query, token=token).json["orders"]
    return [one["order_id"] for one in found]


def test_every_slip_of_a_calendar_is_told_before_the_promised_day_is_over(desk: Desk) -> None:
    """Of pieces waited for before the day itself; of held ones while they could still have left, at the cut-off or the
    last departure of that day."""
    open_shop(stock=10, products=2)
    orders = list(_calendar(desk, Random(1)))
    slipped = kept = 0
    for order_id in orders:
        standing: dict[bool, str | None] = {True: None, False: None}
        for message in told(order_id):
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
                kept += 1
    assert slipped > 10 and kept > 10, (slipped, kept)
