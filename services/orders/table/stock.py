"""Stock: what moved, the documents that moved it, and what is expected."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from services.orders.domain import Move


class MovementItem(Item, discriminator="stock_movement"):
    """Pieces that moved together, never changed: all movements of a warehouse add up to its counters.

    `move`: a Move; `pieces`: sku_index numbers and as many quantities; `reference`: the document or the order's step.
    """

    move = UnicodeAttribute()
    reference = UnicodeAttribute()
    by = UnicodeAttribute()
    pieces = PackedJSONAttribute()

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Pieces by sku_index number."""
        return dict(zip(*self.pieces, strict=True))

    @property
    def order_id(self) -> str | None:
        """The order for which they moved, None if a document moved them."""
        return self.reference.partition(" ")[0] if Move(self.move).for_orders else None


class GoodsReceiptItem(Item, discriminator="goods_receipt"):
    """Goods that came in. `lines`: [sku, pieces] each."""

    received_at = UnicodeAttribute()
    received_by = UnicodeAttribute()
    lines: JSONAttribute = JSONAttribute()


class StockDocumentItem(Item, discriminator="stock_document"):
    """A count, an adjustment or a transfer, booked once and never changed; its movements bear its name.

    `lines`: [sku, pieces] each; of a count [sku, counted, expected, difference], expected being what was on hand by
    the books. `to_warehouse`: of a transfer.
    """

    document = UnicodeAttribute()
    made_at = UnicodeAttribute()
    made_by = UnicodeAttribute()
    reason = UnicodeAttribute()
    to_warehouse = UnicodeAttribute(null=True)
    lines = PackedJSONAttribute()


class ExpectedDeliveryItem(Item, discriminator="expected_delivery"):
    """A delivery on its way; there while something of it is expected.

    `expected_on`: ISO date of Asia/Shanghai; `goods`: [sku, sku_index, pieces] each; `version`: of its last event.
    """

    reference = UnicodeAttribute()
    expected_on = UnicodeAttribute()
    goods = PackedJSONAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Pieces expected by sku_index."""
        return {sku_index: pieces for _, sku_index, pieces in self.goods}


def movements_pk(warehouse: str, day: str) -> str:
    """The movements of a warehouse on a day (ISO date, UTC)."""
    return f"STOCK#{warehouse}#{day}"


def document_key(warehouse: str, document: str, reference: str) -> Key:
    """A stock document that is not a receipt."""
    return f"STOCK#{warehouse}", f"DOCUMENT#{document}#{reference}"


def expected_pk(warehouse: str) -> str:
    """What a warehouse expects, and the history of each delivery."""
    return f"STOCK#{warehouse}#EXPECTED"


def expected_key(warehouse: str, reference: str) -> Key:
    """A delivery on its way."""
    return expected_pk(warehouse), f"DELIVERY#{reference}"
