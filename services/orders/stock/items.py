"""Stored stock movements."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import Item, PackedJSONAttribute
from services.orders.stock.rules import Move


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


def movements_pk(warehouse: str, day: str) -> str:
    """The movements of a warehouse on a day (ISO date, UTC)."""
    return f"STOCK#{warehouse}#{day}"
