"""Stored punctuality of shipments."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from kernel.store.items import Item, PackedJSONAttribute
from services.orders.order.items import split_order_id


# P  shipments of a month   pk: STOCK#<warehouse>#PUNCTUALITY#<month>   sk: <time>#<shipment>
class ShipmentPunctualityItem(Item, discriminator="shipment_punctuality"):
    """Punctuality of one shipment.

    `shipped_on`: ISO date of Asia/Shanghai; `rows`: SKU, pieces and first promised day (or None) of each line; a
    `voided` one has none.
    """

    shipped_on = UnicodeAttribute()
    rows = PackedJSONAttribute()
    voided = BooleanAttribute(null=True)

    @property
    def dealer_id(self) -> str:
        """Dealer of the shipment, as its id begins."""
        order_id = self.sk.partition("#")[2].rpartition("-S")[0]
        return split_order_id(order_id)[0]


def shipment_punctuality_pk(warehouse: str, month: str) -> str:
    """Partition of the shipments of a warehouse in a month (`2026-11`, Asia/Shanghai)."""
    return f"STOCK#{warehouse}#PUNCTUALITY#{month}"
