"""Stored goods receipts and stock documents."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.store.items import Item, Key, PackedJSONAttribute


# P  goods receipts of a delivery note   pk: STOCK#<warehouse>   sk: GOODS_RECEIPT#<delivery note>, …#2, …#3
class GoodsReceiptItem(Item, discriminator="goods_receipt"):
    """Goods that came in. `lines`: [sku, pieces] each. A confirmed double of a delivery note has the next number."""

    received_at = UnicodeAttribute()
    received_by = UnicodeAttribute()
    lines: JSONAttribute = JSONAttribute()


# P  count, adjustment or transfer by its number   pk: STOCK#<warehouse>   sk: DOCUMENT#<document>#<reference>
class StockDocumentItem(Item, discriminator="stock_document"):
    """A count, an adjustment or a transfer, posted once and never changed. Its movements refer to it.

    `lines`: [sku, pieces] each; of a count [sku, counted, expected, difference, missing], where expected is on hand by
    the books, and missing pieces were reserved. `to_warehouse`: of a transfer.
    """

    document = UnicodeAttribute()
    made_at = UnicodeAttribute()
    made_by = UnicodeAttribute()
    reason = UnicodeAttribute()
    to_warehouse = UnicodeAttribute(null=True)
    lines = PackedJSONAttribute()


def goods_receipt_key(warehouse: str, receipt_id: str) -> Key:
    """Key of a goods receipt."""
    return f"STOCK#{warehouse}", f"GOODS_RECEIPT#{receipt_id}"


def document_key(warehouse: str, document: str, reference: str) -> Key:
    """Key of a count, an adjustment or a transfer."""
    return f"STOCK#{warehouse}", f"DOCUMENT#{document}#{reference}"
