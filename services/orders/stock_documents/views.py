"""Stock documents as answers."""

from __future__ import annotations

from services.orders.stock_documents.api import StockDocument, StockDocumentLine
from services.orders.stock_documents.items import StockDocumentItem

_DOCUMENT_LINE = ("sku", "quantity", "expected", "difference", "missing")


def document_view(item: StockDocumentItem) -> StockDocument:
    """Return a count, an adjustment or a transfer as an answer."""
    return StockDocument(
        warehouse=item.pk.removeprefix("STOCK#"),
        document=item.document,
        reference=item.sk.rpartition("#")[2],
        to_warehouse=item.to_warehouse,
        made_at=item.made_at,
        made_by=item.made_by,
        reason=item.reason,
        lines=[StockDocumentLine(**dict(zip(_DOCUMENT_LINE, row, strict=False))) for row in item.lines],
    )
