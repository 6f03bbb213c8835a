"""Requests and answers of goods receipts, adjustments and transfers."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import Answer, Body, QuantityOrZero, Sku, WarehouseId, repeated, rows_of
from services.orders.inbound.api import ReceivedLine
from services.orders.vocabulary import DeliveryReference, ReasonText, Reference


class ReceiveStock(Body):
    """Goods that came into a warehouse; `reference` is the delivery note and counts once per warehouse for ever.
    `expected`: the delivery they belong to; what came is expected no more, the rest of it stays so."""

    warehouse: WarehouseId
    reference: Reference
    expected: DeliveryReference | None = None
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=1_000)]


class GoodsReceipt(Answer):
    """What was taken in."""

    warehouse: str
    reference: str
    received_at: str
    skus: int
    pieces: int


class AdjustmentKind(StrEnum):
    """What a stock document says: how many pieces are on hand, or how many were found, are gone, were set aside as not
    fit for sale, are fit again, or were thrown away of those set aside."""

    COUNT = "count"
    FOUND = "found"
    LOST = "lost"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"


class AdjustedLine(Body):
    """Pieces of a SKU: moved, or of a count on hand, which is available and held together."""

    sku: Sku
    quantity: QuantityOrZero


class AdjustStock(Body):
    """A stock document; `reference` counts once per warehouse and kind for ever. A count names each SKU once."""

    warehouse: WarehouseId
    reference: Reference
    kind: AdjustmentKind
    reason: ReasonText
    lines: Annotated[list[AdjustedLine], Field(min_length=1, max_length=1_000)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        rows = rows_of(value, "lines")
        if isinstance(value, dict) and value.get("kind") == AdjustmentKind.COUNT:
            return repeated((f"{path}.sku", row.get("sku")) for path, row in rows)
        detail = "须大于 0 / must be more than 0"
        return [
            FieldProblem(field=f"{path}.quantity", code="too-small", detail=detail)
            for path, row in rows
            if row.get("quantity") == 0
        ]


class TransferStock(Body):
    """Goods sent from one warehouse to another, where they are expected on a day under the same reference."""

    from_warehouse: WarehouseId
    to_warehouse: WarehouseId
    reference: DeliveryReference
    expected_on: date
    reason: ReasonText
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=1_000)]


class StockDocumentLine(Answer):
    """Pieces of a SKU. Of a count, `quantity` is what was counted, `expected` what the books said was on hand, and
    `difference` was found, or lost if below zero."""

    sku: str
    quantity: int
    expected: int | None = None
    difference: int | None = None


class StockDocument(Answer):
    """A stock document as it was booked. `to_warehouse`: of a transfer."""

    warehouse: str
    document: str
    reference: str
    to_warehouse: str | None
    made_at: str
    made_by: str
    reason: str
    lines: list[StockDocumentLine]
