"""Shipments as answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.orders import OrderShipmentVoided, OrderShipped
from reads.warehouses import warehouse_names
from services.orders.order.rules import Line
from services.orders.shipping.api import ShipmentConfirmation, ShipmentLineView, ShipmentView, VoidedShipment
from services.orders.shipping.shipments import Shipment
from services.orders.vocabulary import State


def shipment_confirmation(event: OrderShipped) -> ShipmentConfirmation:
    """Return the confirmation of a shipment."""
    return ShipmentConfirmation(**_shipment(event), state=State(event.state))


def shipment_view(shipment: Shipment, ordered: Sequence[Line]) -> ShipmentView:
    """Return a shipment of these order lines as an answer."""
    lines = [ShipmentLineView(**line._asdict(), name_zh=ordered[line.line_no - 1].name) for line in shipment.lines]
    void = _void(shipment.voided) if shipment.voided else {}
    return ShipmentView(**_shipment(shipment.event), **warehouse_names(shipment.event.warehouse), lines=lines, **void)


def voided_shipment(shipment: OrderShipped, voided: OrderShipmentVoided) -> VoidedShipment:
    """Return the confirmation that a shipment is void."""
    return VoidedShipment(**_shipment(shipment), state=State(voided.state), **_void(voided))


def _void(event: OrderShipmentVoided) -> dict[str, Any]:
    return {"voided_at": event.voided_at, "voided_by": event.by, "void_reason": event.reason}


def _shipment(event: OrderShipped) -> dict[str, Any]:
    return {
        "shipment_id": event.shipment_id,
        "order_id": event.order_id,
        "warehouse": event.warehouse,
        "carrier": event.carrier,
        "waybill": event.waybill,
        "shipped_at": event.shipped_at,
        "shipped_by": event.by,
        "pieces": event.shipped_pieces,
        "gross_fen": event.shipped_gross_fen,
        "net_fen": event.shipped_net_fen,
        "tax_fen": event.shipped_tax_fen,
        "double_of": event.double_of if isinstance(event, OrderShipped) else None,
    }
