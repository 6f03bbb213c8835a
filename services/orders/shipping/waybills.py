"""Waybills that an order has used: its header remembers the recent ones."""

from __future__ import annotations

from kernel.messaging.outbox import event_history_with_records
from kernel.time.clock import business_date, parse_stamp
from services.orders.doubles import Existing, is_same_number, recall, remember
from services.orders.order.items import Order
from services.orders.shipping.shipments import unpack_shipments

#: Waybills that a header remembers, which stays below 1 KB.
MOST_REMEMBERED = 15


def remember_waybill(order: Order, waybill: str, shipment: int) -> bytes:
    """Return the remembered waybills of an order with that of one more shipment."""
    return remember(order.header.waybills, waybill, shipment, most=MOST_REMEMBERED)


def find_waybill(order: Order, waybill: str) -> Existing | None:
    """Return the newest shipment of the order that left under a waybill; reads nothing while none may have.

    A void shipment never left, so its waybill is free.
    """
    numbers = recall(order.header.waybills, waybill)
    if not numbers:
        return None
    history = event_history_with_records(order.header.pk, order.header.order_id)
    shipments = unpack_shipments(order.lines, history)
    for shipment in reversed([shipments[number - 1] for number in sorted(numbers)]):
        event = shipment.event
        if shipment.voided is None and is_same_number(event.waybill, waybill):
            day = business_date(parse_stamp(event.shipped_at)).isoformat()
            return Existing(event.shipment_id, day, event.shipped_pieces)
    return None
