"""Helpers of the tests of promise dates."""

from __future__ import annotations

from datetime import datetime

from kernel.messaging.events import Envelope
from kernel.messaging.outbox import history
from kernel.time.clock import BUSINESS_ZONE
from tests.orders.client import OrdersClient
from tests.support import faults
from tests.support.fixtures import sku

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY = (f"2026-11-{day}" for day in (23, 24, 25, 26, 27, 30))


_CRASHES = (faults.Kind.CRASH_BEFORE, faults.Kind.CRASH_AFTER)


MOVED, SLIPPED = "promise-moved", "promise-slipped"


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
