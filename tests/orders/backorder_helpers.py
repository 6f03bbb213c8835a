"""Helpers of the tests of backorders."""

from __future__ import annotations

from kernel.store.read import query_all
from services.orders.order.backorder_entry import BackorderItem, backorders_pk
from tests.orders.client import OrdersClient
from tests.support.fixtures import WAREHOUSE, sku

NOTHING = (0, 0)


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
