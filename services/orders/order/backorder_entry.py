"""An order in the backorder queue of its warehouse, and the count of such orders."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import fetch_one, query_all
from services.orders.order.items import HeaderItem, priority_sort_key


# P  backorder queue: urgent orders, then the oldest   pk: STOCK#<warehouse>#BACKORDERS   sk: <0|1>#<since>#<order>
class BackorderItem(Item, discriminator="backorder"):
    """Entry of an order in the backorder queue; exists exactly while its header has `backordered_since`.

    `wanted`: SKU indexes and backordered pieces; `promised`: SKU indexes and promise dates, where there is one.
    """

    order_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    grade = UnicodeAttribute()
    urgent = BooleanAttribute()
    since = UnicodeAttribute()
    shortage_policy = UnicodeAttribute()
    wanted = PackedJSONAttribute()
    promised = PackedJSONAttribute(null=True)

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Backordered pieces by SKU index."""
        return dict(zip(*self.wanted, strict=True))

    @property
    def days(self) -> dict[int, str]:
        """Promise dates by SKU index, of pieces that are still backordered."""
        wanted = self.by_sku_index
        return {
            sku_index: day for sku_index, day in zip(*(self.promised or ((), ())), strict=True) if sku_index in wanted
        }


# P  length of the backorder queue   pk: STOCK#<warehouse>#BACKORDERS   sk: COUNT
class BackorderCountItem(Item, discriminator="backorder_count"):
    """Number of orders in the backorder queue of a warehouse. While it is 0, the queue need not be read."""

    orders = IntegerAttribute(default=0)


def backorders_pk(warehouse: str) -> str:
    """Partition of the backorder queue of a warehouse."""
    return f"STOCK#{warehouse}#BACKORDERS"


def backorder_count_key(warehouse: str) -> Key:
    """Key of the number of orders in the backorder queue of a warehouse."""
    return backorders_pk(warehouse), "COUNT"


def backorder_key(header: HeaderItem) -> Key | None:
    """Return the key of an order's entry in the backorder queue; None if it has none."""
    since = header.backordered_since
    return (
        (backorders_pk(header.warehouse), priority_sort_key(bool(header.urgent), since, header.order_id))
        if since
        else None
    )


def load_promise_dates_by_sku_index(header: HeaderItem) -> dict[int, str]:
    """Load the promise dates of an order's backordered pieces by SKU index; consistent read."""
    key = backorder_key(header)
    place = fetch_one(BackorderItem, key) if key else None
    return place.days if place else {}


def backorders_of(warehouse: str) -> list[BackorderItem]:
    """Load the backorder queue of a warehouse in queue order; consistent read."""
    return list(query_all(BackorderItem, backorders_pk(warehouse)))
