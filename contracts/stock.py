"""Where stock is counted: buckets of 80 sku_indexes, one item per warehouse and bucket (architecture.md 4).

Written by orders alone; catalog reads it to show availability.
"""

from typing import ClassVar, NamedTuple, Self

from pynamodb.attributes import ListAttribute

from kernel.messaging.events import Event
from kernel.store.items import IntegerAttribute, Item, Key

#: SKUs counted in one item. So many counters stay within 1 KB, so that a write costs two units in a transaction; one
#: expression may name them all; a bit for each fits into a number of 38 digits. More would make orders of a small
#: catalogue cheaper still, but their cost would more than double when the catalogue grows tenfold.
SKUS_PER_BUCKET = 80


class BucketPosition(NamedTuple):
    """The place of a SKU: the same bucket and position in every warehouse."""

    bucket: int
    position: int

    @classmethod
    def of(cls, number: int) -> Self:
        """The place of the `number`-th SKU, counted from 0."""
        return cls(*divmod(number, SKUS_PER_BUCKET))


# P  the stock of one bucket    pk: BUCKET#<warehouse>  sk: <bucket>
# P  the stock of a warehouse  pk: BUCKET#<warehouse>
class StockBucketItem(Item, discriminator="stock_bucket"):
    """Pieces by position that may be promised. What orders hold was taken from here and stands with the orders."""

    # PynamoDB's annotation asks for the element's Python type where its code asks for the attribute's.

    available: ListAttribute[int] = ListAttribute(of=IntegerAttribute)  # type: ignore[arg-type]


def stock_bucket_key(warehouse: str, bucket: int) -> Key:
    """One bucket of a warehouse."""
    return f"BUCKET#{warehouse}", f"{bucket:04d}"


# P  pieces set aside on one bucket    pk: BUCKET#<warehouse>  sk: <bucket>#QUARANTINE
class QuarantineItem(Item, discriminator="quarantine"):
    """Pieces by position that are in the house but may not be promised: damaged, returned, to be inspected."""

    pieces: ListAttribute[int] = ListAttribute(of=IntegerAttribute)  # type: ignore[arg-type]


def quarantine_key(warehouse: str, bucket: int) -> Key:
    """What is set aside of one bucket's goods. An item of its own, so that the bucket stays within 1 KB."""
    return f"BUCKET#{warehouse}", f"{bucket:04d}#QUARANTINE"


class StockIncreased(Event):
    """Published when pieces became available that no order held before: received, found, cleared. Heard by orders (serve the
    line, through the FIFO queue of its warehouse).

    `document`: receipt, count, …; `reference`: its number, which with warehouse and document is the subject.
    """

    TYPE: ClassVar[str] = "stock.increased.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    document: str
    reference: str
    skus: int
    pieces: int


class StockDecreased(Event):
    """Published when pieces are no longer available though no order took them: lost, set aside, sent away. Heard by orders
    (look after the line, through the FIFO queue of its warehouse).

    `document`: count, lost, set_aside, transfer; `reference`: its number; the subject is `out-` and these.
    """

    TYPE: ClassVar[str] = "stock.decreased.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    document: str
    reference: str
    skus: int
    pieces: int


class ExpectedDeliveryChanged(Event):
    """Published when it changes what a warehouse expects: announced, moved to another day, partly received, given up.
    Heard by orders (renew what is promised, through the FIFO queue of its warehouse).

    `expected_on`: ISO date, None when nothing of it is expected any more; `was_expected_on`: before, None if it is
    new; `skus`, `pieces`: what is now expected. All events of a delivery are its history.
    """

    TYPE: ClassVar[str] = "stock.expected-delivery-changed.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    reference: str
    expected_on: str | None = None
    was_expected_on: str | None = None
    skus: int
    pieces: int
    reason: str
    by: str
