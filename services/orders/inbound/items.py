"""Stored expected deliveries."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute


# P  expected deliveries of a warehouse   pk: STOCK#<warehouse>#EXPECTED   sk: DELIVERY#<reference>
# P  events of a delivery   pk: STOCK#<warehouse>#EXPECTED   sk: EVENT#<warehouse>-<reference>#<version>
class ExpectedDeliveryItem(Item, discriminator="expected_delivery"):
    """An expected delivery; exists while some of it is expected.

    `expected_on`: ISO date of Asia/Shanghai; `goods`: [sku, SKU index, pieces] each; `version`: of its last event.
    """

    reference = UnicodeAttribute()
    expected_on = UnicodeAttribute()
    goods = PackedJSONAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Expected pieces by SKU index."""
        return {sku_index: pieces for _, sku_index, pieces in self.goods}


def expected_pk(warehouse: str) -> str:
    """Partition of the expected deliveries of a warehouse and their events."""
    return f"STOCK#{warehouse}#EXPECTED"


def expected_key(warehouse: str, reference: str) -> Key:
    """Key of an expected delivery."""
    return expected_pk(warehouse), f"DELIVERY#{reference}"
