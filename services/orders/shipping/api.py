"""Requests and answers about shipments."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Name, Quantity, Reference
from services.orders.delivery.api import OrderAddress
from services.orders.vocabulary import MAX_LINES, State


class ShipLine(Body):
    """Pieces of one line to ship."""

    line_no: Annotated[int, Field(ge=1, le=MAX_LINES)]
    quantity: Quantity


class Ship(Body):
    """A shipment. Without `lines` all reserved pieces leave.

    `confirm_double`: it is no repetition, although another shipment of the order has its waybill.
    """

    carrier: Name
    waybill: Reference
    lines: Annotated[list[ShipLine], Field(min_length=1, max_length=MAX_LINES)] | None = None
    confirm_double: bool = False


class ShipmentLineView(Answer):
    """One line of a shipment and its value in fen. `unit_price`: tax-inclusive yuan of a piece, as text."""

    line_no: int
    sku: str
    name_zh: str
    quantity: int
    unit_price: str
    gross_fen: int
    tax_fen: int


class ShipmentSummary(Answer):
    """Goods that left under one waybill, and their value in fen.

    `double_of`: id of the shipment that had this waybill before, as the shipper confirmed; else null.
    """

    shipment_id: str
    order_id: str
    warehouse: str
    carrier: str
    waybill: str
    shipped_at: str
    shipped_by: str
    pieces: int
    gross_fen: int
    net_fen: int
    tax_fen: int
    double_of: str | None = None


class ShipmentConfirmation(ShipmentSummary):
    """Proof that a shipment is stored. `state`: of the order now, closed if nothing is left to ship."""

    state: State


class VoidedShipment(ShipmentConfirmation):
    """Proof that a shipment is void. `voided_by` is the name of the person, `void_reason` is read by the dealer."""

    voided_at: str
    voided_by: str
    void_reason: str


class ShipmentView(ShipmentSummary):
    """A shipment with its lines. `voided_at`, `voided_by`, `void_reason`: of a shipment that never left, else null."""

    warehouse_name_zh: str
    warehouse_name_en: str
    lines: list[ShipmentLineView]
    voided_at: str | None = None
    voided_by: str | None = None
    void_reason: str | None = None


class ShipmentList(Answer):
    """Shipments of an order in their order; `delivery_address`: where they go, null for an order without one."""

    order_id: str
    state: State
    delivery_address: OrderAddress | None
    shipments: list[ShipmentView]
