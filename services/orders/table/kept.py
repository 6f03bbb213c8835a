"""What left, against what was promised."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.items import Item, PackedJSONAttribute


class KeptItem(Item, discriminator="promises_kept"):
    """What one shipment says of promises. `left_on`: ISO date of Asia/Shanghai; `rows`: per line SKU, pieces, and the
    day its line was first promised for or None."""

    left_on = UnicodeAttribute()
    rows = PackedJSONAttribute()


def left_pk(warehouse: str, month: str) -> str:
    """What left a warehouse in a month (`2026-11`, Asia/Shanghai), against what was promised."""
    return f"STOCK#{warehouse}#LEFT#{month}"
