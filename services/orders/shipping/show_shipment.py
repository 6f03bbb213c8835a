"""Show one shipment with its lines."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.messaging.outbox import event_history_with_records
from services.orders.order.load_order import load_own_order
from services.orders.shipping.api import ShipmentView
from services.orders.shipping.shipments import unpack_shipments
from services.orders.shipping.views import shipment_view


def show_shipment(caller: Principal, order_id: str, shipment_id: str) -> ShipmentView:
    """Show a shipment of an order, also a void one. A dealer sees its own.

    Raises:
        NotFound: the order has no such shipment, does not exist or belongs to another dealer.
    """
    order = load_own_order(caller, order_id)
    for shipment in unpack_shipments(order.lines, event_history_with_records(order.header.pk, order_id)):
        if shipment.event.shipment_id == shipment_id:
            return shipment_view(shipment, order.lines)
    raise NotFound
