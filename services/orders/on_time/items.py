"""Stored punctuality of shipments."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import Item, PackedJSONAttribute


class ShipmentPunctualityItem(Item, discriminator="shipment_punctuality"):
    """What one shipment says of promises. `shipped_on`: ISO date of Asia/Shanghai; `rows`: per line SKU, pieces, and the
    day its line was first promised for or None."""

    shipped_on = UnicodeAttribute()
    rows = PackedJSONAttribute()


def shipment_punctuality_pk(warehouse: str, month: str) -> str:
    """What left a warehouse in a month (`2026-11`, Asia/Shanghai), against what was promised."""
    return f"STOCK#{warehouse}#PUNCTUALITY#{month}"
