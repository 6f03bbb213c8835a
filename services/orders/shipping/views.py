"""Shipments as answers."""

from __future__ import annotations

from typing import Any

from contracts.orders import OrderShipped
from services.orders.shipping.api import ShipmentConfirmation, ShipmentLineView, ShipmentView
from services.orders.shipping.shipments import Shipment
from services.orders.vocabulary import State


def shipment_confirmation(told: OrderShipped) -> ShipmentConfirmation:
    """Proof of a shipment."""
    return ShipmentConfirmation(**_shipment(told), state=State(told.state))


def shipment_view(shipment: Shipment) -> ShipmentView:
    """A shipment."""
    lines = [ShipmentLineView(**line._asdict()) for line in shipment.lines]
    return ShipmentView(**_shipment(shipment.told), lines=lines)


def _shipment(told: OrderShipped) -> dict[str, Any]:
    return {
        "shipment_id": told.shipment_id,
        "order_id": told.order_id,
        "warehouse": told.warehouse,
        "carrier": told.carrier,
        "waybill": told.waybill,
        "shipped_at": told.shipped_at,
        "shipped_by": told.by,
        "pieces": told.shipped_pieces,
        "gross_fen": told.shipped_gross_fen,
        "net_fen": told.shipped_net_fen,
        "tax_fen": told.shipped_tax_fen,
    }
