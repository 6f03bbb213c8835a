"""Read models and events of stock. Pieces are counted in buckets of 80 SKUs, one item per warehouse and bucket.

Only orders writes these items; catalog reads stock buckets to show availability.
"""

from typing import ClassVar, NamedTuple, Self

from kernel.messaging.events import Event
from kernel.store.items import IntegerListAttribute, Item, Key

#: SKUs counted in one item. So many counters stay within 1 KB, so that a write costs two units in a transaction; one
#: expression may name them all; a bit for each fits into a number of 38 digits. More would make orders of a small
#: catalogue cheaper still, but their cost would more than double when the catalogue grows tenfold.
SKUS_PER_BUCKET = 80


class BucketPosition(NamedTuple):
    """Bucket and position of a SKU, the same in every warehouse."""

    bucket: int
    position: int

    @classmethod
    def of(cls, sku_index: int) -> Self:
        """Return the bucket position of a SKU index; indexes count from 0."""
        return cls(*divmod(sku_index, SKUS_PER_BUCKET))


# P  stock of one bucket     pk: BUCKET#<warehouse>   sk: <bucket>
# P  stock of a warehouse    pk: BUCKET#<warehouse>
class StockBucketItem(Item, discriminator="stock_bucket"):
    """Available pieces of one bucket by position. Reserved pieces are not among them: the orders store these.

    Fewer than 0 are available while a shortage is open: so many reserved pieces are not there.
    """

    available = IntegerListAttribute()


# P  quarantine of one bucket   pk: BUCKET#<warehouse>   sk: <bucket>#QUARANTINE
class QuarantineItem(Item, discriminator="quarantine"):
    """Pieces in quarantine of one bucket by position: they are in the warehouse but may not be promised."""

    pieces = IntegerListAttribute()


def stock_bucket_key(warehouse: str, bucket: int) -> Key:
    """Return the key of a stock bucket."""
    return f"BUCKET#{warehouse}", f"{bucket:04d}"


def quarantine_key(warehouse: str, bucket: int) -> Key:
    """Return the key of a bucket's quarantine, a separate item so that the stock bucket stays within 1 KB."""
    return f"BUCKET#{warehouse}", f"{bucket:04d}#QUARANTINE"


class StockIncreased(Event):
    """Published when pieces become available that were not reserved before: received, found or cleared.

    Subscribers: orders (fill backorders, through the FIFO queue of the warehouse).

    `document`: receipt, count, …; `reference`: its number. The subject is warehouse, document and reference.
    """

    TYPE: ClassVar[str] = "stock.increased.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    document: str
    reference: str
    skus: int
    pieces: int


class StockDecreased(Event):
    """Published when available pieces leave without an order: lost, set aside or sent to another warehouse.

    Subscribers: orders (fill backorders, through the FIFO queue of the warehouse).

    `document`: count, lost, set_aside, transfer; `reference`: its number. The subject is `out-`, warehouse, document
    and reference. Of a count, `pieces` may contain reserved ones that are missing.
    """

    TYPE: ClassVar[str] = "stock.decreased.v1"
    SOURCE: ClassVar[str] = "orders"

    warehouse: str
    document: str
    reference: str
    skus: int
    pieces: int


class ExpectedDeliveryChanged(Event):
    """Published when an expected delivery is announced, moved to another day, partly received or given up.

    Subscribers: orders (renew promise dates, through the FIFO queue of the warehouse).

    `expected_on`: ISO date, None when no pieces are expected any more; `was_expected_on`: the date before, None for a
    new delivery; `skus`, `pieces`: what is expected now. All events of a delivery are its history.
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
