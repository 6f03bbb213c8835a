"""Enter a submitted order into the order list."""

from __future__ import annotations

from kernel.messaging.events import Envelope
from services.orders.order.load_order import load_order
from services.orders.order_list.items import entries_of


def record_order_entry(message: Envelope) -> None:
    """Write the entries of a submitted order. A second delivery writes the same items.

    Off the path of the order: an intake or reservation that wrote them would take more write units.
    """
    order = load_order(message.subject)
    for entry in entries_of(order.header, order.ordered.purchase_order):
        entry.save()
