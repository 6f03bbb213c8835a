"""An order in the backorder queue of its warehouse, and the count of such orders."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.table import fetch_one, query_all
from services.orders.order.items import HeaderItem, priority_sort_key


class BackorderItem(Item, discriminator="backorder"):
    """An order's place in line for goods: there exactly while its header says since when it waits.

    `wanted`: sku_index numbers and pieces waited for; `promised`: sku_index numbers and the days its dealer was told, of those
    for which one could be named.
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
        """Pieces waited for by sku_index number."""
        return dict(zip(*self.wanted, strict=True))

    @property
    def days(self) -> dict[int, str]:
        """The promised day by sku_index number, of what is still waited for."""
        wanted = self.by_sku_index
        return {
            sku_index: day for sku_index, day in zip(*(self.promised or ((), ())), strict=True) if sku_index in wanted
        }


class BackorderCountItem(Item, discriminator="line"):
    """How many orders stand in the line of a warehouse: while it is none, an order that is decided need not look."""

    orders = IntegerAttribute(default=0)


def backorders_pk(warehouse: str) -> str:
    """The orders that wait for goods in a warehouse."""
    return f"STOCK#{warehouse}#BACKORDERS"


def backorder_count_key(warehouse: str) -> Key:
    """How many they are."""
    return backorders_pk(warehouse), "COUNT"


def backorder_key(header: HeaderItem) -> Key | None:
    """Where an order stands in line; None if it does not."""
    since = header.backordered_since
    return (
        (backorders_pk(header.warehouse), priority_sort_key(bool(header.urgent), since, header.order_id))
        if since
        else None
    )


def promised_backorder_days(header: HeaderItem) -> dict[int, str]:
    """The days an order was told for what it waits for, by sku_index; read consistently."""
    key = backorder_key(header)
    place = fetch_one(BackorderItem, key) if key else None
    return place.days if place else {}


def backorders_of(warehouse: str) -> list[BackorderItem]:
    """The orders that wait for goods in a warehouse, first first, read consistently."""
    return list(query_all(BackorderItem, backorders_pk(warehouse)))
