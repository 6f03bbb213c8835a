"""Where stock is counted: shelves of 80 slots, one item per warehouse and shelf (architecture.md 4).

Written by orders alone; catalog reads it to show availability.
"""

from typing import ClassVar, NamedTuple, Self

from pynamodb.attributes import ListAttribute

from kernel.events import Event
from kernel.items import IntegerAttribute, Item, Key

#: SKUs counted in one item. So many counters stay within 1 KB, so that a write costs two units in a transaction; one
#: expression may name them all; a bit for each fits into a number of 38 digits. More would make orders of a small
#: catalogue cheaper still, but their cost would more than double when the catalogue grows tenfold.
SLOTS_PER_SHELF = 80


class Slot(NamedTuple):
    """The place of a SKU: the same shelf and position in every warehouse."""

    shelf: int
    position: int

    @classmethod
    def of(cls, number: int) -> Self:
        """The place of the `number`-th SKU, counted from 0."""
        return cls(*divmod(number, SLOTS_PER_SHELF))


# P  the stock of one shelf    pk: SHELF#<warehouse>  sk: <shelf>
# P  the stock of a warehouse  pk: SHELF#<warehouse>
class ShelfItem(Item, discriminator="shelf"):
    """Pieces by position that may be promised. What orders hold was taken from here and stands with the orders."""

    # PynamoDB's annotation asks for the element's Python type where its code asks for the attribute's.

    available: ListAttribute[int] = ListAttribute(of=IntegerAttribute)  # type: ignore[arg-type]


def shelf_key(warehouse: str, shelf: int) -> Key:
    """One shelf of a warehouse."""
    return f"SHELF#{warehouse}", f"{shelf:04d}"


# P  pieces set aside on one shelf    pk: SHELF#<warehouse>  sk: <shelf>#QUARANTINE
class QuarantineItem(Item, discriminator="quarantine"):
    """Pieces by position that are in the house but may not be promised: damaged, returned, to be inspected."""

    pieces: ListAttribute[int] = ListAttribute(of=IntegerAttribute)  # type: ignore[arg-type]


def quarantine_key(warehouse: str, shelf: int) -> Key:
    """What is set aside of one shelf's goods. An item of its own, so that the shelf stays within 1 KB."""
    return f"SHELF#{warehouse}", f"{shelf:04d}#QUARANTINE"


class StockArrived(Event):
    """Said when pieces became available that no order held before: received, found, cleared. Heard by orders (serve the
    line, through the FIFO queue of its warehouse).

    `document`: receipt, count, …; `reference`: its number, which with warehouse and document is the subject.
    """

    TYPE: ClassVar[str] = "stock.arrived.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    document: str
    reference: str
    skus: int
    pieces: int


class StockRemoved(Event):
    """Said when pieces are no longer available though no order took them: lost, set aside, sent away. Heard by orders
    (look after the line, through the FIFO queue of its warehouse).

    `document`: count, lost, set_aside, transfer; `reference`: its number; the subject is `out-` and these.
    """

    TYPE: ClassVar[str] = "stock.removed.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    document: str
    reference: str
    skus: int
    pieces: int


class StockExpected(Event):
    """Said when it changes what a warehouse expects: announced, moved to another day, partly received, given up.
    Heard by orders (renew what is promised, through the FIFO queue of its warehouse).

    `expected_on`: ISO date, None when nothing of it is expected any more; `was_expected_on`: before, None if it is
    new; `skus`, `pieces`: what is now expected. All events of a delivery are its history.
    """

    TYPE: ClassVar[str] = "stock.expected.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    reference: str
    expected_on: str | None = None
    was_expected_on: str | None = None
    skus: int
    pieces: int
    reason: str
    by: str
