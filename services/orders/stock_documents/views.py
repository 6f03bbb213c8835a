"""Stock documents as answers."""

from __future__ import annotations

from reads.assortment import product_names
from reads.warehouses import warehouse_names
from services.orders.stock_documents.api import StockDocument, StockDocumentLine
from services.orders.stock_documents.items import StockDocumentItem

_DOCUMENT_LINE = ("sku", "quantity", "expected", "difference", "missing")


def document_view(item: StockDocumentItem) -> StockDocument:
    """Return a count, an adjustment or a transfer as an answer."""
    warehouse, target = item.pk.removeprefix("STOCK#"), item.to_warehouse
    of_target = warehouse_names(target) if target else {}
    names = product_names(row[0] for row in item.lines)
    return StockDocument(
        warehouse=warehouse,
        **warehouse_names(warehouse),
        document=item.document,
        reference=item.sk.rpartition("#")[2],
        to_warehouse=target,
        to_warehouse_name_zh=of_target.get("warehouse_name_zh"),
        to_warehouse_name_en=of_target.get("warehouse_name_en"),
        made_at=item.made_at,
        made_by=item.made_by,
        reason=item.reason,
        lines=[
            StockDocumentLine(name_zh=names[row[0]], **dict(zip(_DOCUMENT_LINE, row, strict=False)))
            for row in item.lines
        ],
    )
