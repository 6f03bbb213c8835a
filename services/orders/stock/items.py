"""Stored stock movements."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import Item, PackedJSONAttribute
from services.orders.stock.rules import Move


# P  stock movements of a day   pk: STOCK#<warehouse>#<UTC day>   sk: <time>#<reference>#<move>
class MovementItem(Item, discriminator="stock_movement"):
    """Pieces that moved together; never changed. All movements of a warehouse add up to its counters.

    `move`: a Move; `pieces`: SKU indexes and quantities; `reference`: the document, or the step of an order.
    """

    move = UnicodeAttribute()
    reference = UnicodeAttribute()
    by = UnicodeAttribute()
    pieces = PackedJSONAttribute()

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Pieces by SKU index."""
        return dict(zip(*self.pieces, strict=True))

    @property
    def order_id(self) -> str | None:
        """Order for which the pieces moved; None if a document moved them."""
        return self.reference.partition(" ")[0] if Move(self.move).for_orders else None


def movements_pk(warehouse: str, day: str) -> str:
    """Partition of the movements of a warehouse on a day (ISO date, UTC)."""
    return f"STOCK#{warehouse}#{day}"
