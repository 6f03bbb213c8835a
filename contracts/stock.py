"""Where stock is counted: shelves of 64 slots, one item per warehouse and shelf (architecture.md 4).

Written by orders alone; catalog reads it to show availability.
"""

from __future__ import annotations

from typing import NamedTuple

from pynamodb.attributes import ListAttribute, NumberAttribute

from kernel.table import Item, Key

#: SKUs counted in one item: small enough to stay within 1 KB, so that a write costs two units in a transaction.
SLOTS_PER_SHELF = 64


class Slot(NamedTuple):
    """The place of a SKU: the same shelf and position in every warehouse."""

    shelf: int
    position: int

    @classmethod
    def of(cls, number: int) -> Slot:
        """The place of the `number`-th SKU, counted from 0."""
        return cls(*divmod(number, SLOTS_PER_SHELF))


# P  the stock of one shelf    pk: SHELF#<warehouse>  sk: <shelf>
# P  the stock of a warehouse  pk: SHELF#<warehouse>
class ShelfItem(Item, discriminator="shelf"):
    """Pieces by position: `available` may be promised, `held` are promised to orders; on hand = available + held."""

    # PynamoDB's annotation asks for the element's Python type where its code asks for the attribute's.

    available: ListAttribute[int] = ListAttribute(of=NumberAttribute)  # type: ignore[arg-type]
    held: ListAttribute[int] = ListAttribute(of=NumberAttribute)  # type: ignore[arg-type]


def shelf_key(warehouse: str, shelf: int) -> Key:
    """One shelf of a warehouse."""
    return f"SHELF#{warehouse}", f"{shelf:04d}"
