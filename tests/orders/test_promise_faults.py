"""Promise dates with faults, redelivery and random calendars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random

from kernel.time.clock import BUSINESS_ZONE, parse_stamp
from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import (
    FRIDAY,
    NEXT_MONDAY,
    SLIPPED,
    THURSDAY,
    WEDNESDAY,
    come_in,
    events,
    expect,
    moves,
    sweep,
)
from tests.support import faults
from tests.support.fixtures import open_shop, order_of, sku


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
