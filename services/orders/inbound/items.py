"""Stored expected deliveries."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute


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


def expected_pk(warehouse: str) -> str:
    """What a warehouse expects, and the history of each delivery."""
    return f"STOCK#{warehouse}#EXPECTED"


def expected_key(warehouse: str, reference: str) -> Key:
    """A delivery on its way."""
    return expected_pk(warehouse), f"DELIVERY#{reference}"
