"""Requests and answers about shipments."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Name, Quantity
from services.orders.vocabulary import MAX_LINES, Reference, State


class ShipLine(Body):
    """Pieces of one line that leave."""

    line_no: Annotated[int, Field(ge=1, le=MAX_LINES)]
    quantity: Quantity


class Ship(Body):
    """A shipment. Without `lines` everything held for the order leaves."""

    carrier: Name
    waybill: Reference
    lines: Annotated[list[ShipLine], Field(min_length=1, max_length=MAX_LINES)] | None = None


class ShipmentLineView(Answer):
    """One line of a shipment and its worth in fen."""

    line_no: int
    sku: str
    quantity: int
    gross_fen: int
    tax_fen: int


class ShipmentSummary(Answer):
    """Goods that left together under one waybill, and what they are worth."""

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


class ShipmentConfirmation(ShipmentSummary):
    """Proof that goods left. `state`: the order's now, closed if nothing is left to ship."""

    state: State


class ShipmentView(ShipmentSummary):
    """A shipment line by line."""

    lines: list[ShipmentLineView]


class ShipmentList(Answer):
    """The shipments of an order, in their order."""

    order_id: str
    state: State
    shipments: list[ShipmentView]
