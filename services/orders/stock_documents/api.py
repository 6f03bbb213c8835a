"""Requests and answers of goods receipts, adjustments and transfers."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import (
    Answer,
    Body,
    Day,
    QuantityOrZero,
    Reference,
    Sku,
    WarehouseId,
    one_of,
    problems_of_repeated_names,
    rows_with_paths,
)
from services.orders.inbound.api import ReceivedLine
from services.orders.vocabulary import ReasonText


class ReceiveStock(Body):
    """Goods that came into a warehouse.

    `reference`: delivery note; `expected`: the expected delivery they belong to; `confirm_double`: these are further
    goods, although goods with this delivery note came into the warehouse before.
    """

    warehouse: WarehouseId
    reference: Reference
    expected: Reference | None = None
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=1_000)]
    confirm_double: bool = False


class GoodsReceipt(Answer):
    """A goods receipt as posted. `double_of`: receipt that has the same delivery note, as was confirmed; else null."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    reference: str
    double_of: str | None = None
    received_at: str
    skus: int
    pieces: int


#: Document of a transfer; others have the kind of the adjustment.
TRANSFER = "transfer"


class AdjustmentKind(StrEnum):
    """Kind of adjustment: pieces on hand, found, lost, set aside, fit for sale again, or thrown away."""

    COUNT = "count"
    FOUND = "found"
    LOST = "lost"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"


class AdjustedLine(Body):
    """Pieces of a SKU: moved, or of a count on hand, which is available plus reserved."""

    sku: Sku
    quantity: QuantityOrZero


class AdjustStock(Body):
    """A count or an adjustment. `reference` counts once per warehouse and kind. A count names each SKU once."""

    warehouse: WarehouseId
    reference: Reference
    kind: AdjustmentKind
    reason: ReasonText
    lines: Annotated[list[AdjustedLine], Field(min_length=1, max_length=1_000)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        """Return problems across rows: a count repeats a SKU, or another kind moves 0 pieces."""
        rows = rows_with_paths(value, "lines")
        if isinstance(value, dict) and value.get("kind") == AdjustmentKind.COUNT:
            return problems_of_repeated_names((f"{path}.sku", row.get("sku")) for path, row in rows)
        detail = "须大于 0 / must be more than 0"
        return [
            FieldProblem(field=f"{path}.quantity", code="too-small", detail=detail)
            for path, row in rows
            if row.get("quantity") == 0
        ]


class TransferStock(Body):
    """Goods sent to another warehouse, where they are expected on a day under the same reference."""

    from_warehouse: WarehouseId
    to_warehouse: WarehouseId
    reference: Reference
    expected_on: Day
    reason: ReasonText
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=1_000)]


class StockDocumentLine(Answer):
    """Pieces of a SKU.

    Of a count: `quantity` was counted, `expected` was on hand by the books, `difference` was found (or lost, below
    0), `missing` of the lost pieces were reserved: they are taken from orders.
    """

    sku: str
    name_zh: str
    quantity: int
    expected: int | None = None
    difference: int | None = None
    missing: int | None = None


class StockDocument(Answer):
    """A stock document as posted. `to_warehouse`: of a transfer."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    document: Annotated[str, one_of(lambda: (*AdjustmentKind, TRANSFER))]
    reference: str
    to_warehouse: str | None
    to_warehouse_name_zh: str | None
    to_warehouse_name_en: str | None
    made_at: str
    made_by: str
    reason: str
    lines: list[StockDocumentLine]
