"""The line of a warehouse: orders that wait for goods, runs that share goods out, what each order got."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.table import fetch_one
from services.orders.table.orders import HeaderItem, part_key, priority_sort_key


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


class AllocationRunItem(Item, discriminator="allocation"):
    """A run in which goods were shared out; recorded before anybody gets anything, then never changed.

    `shares`: by order and sku_index (as text) a Grant's pieces and reason; `rule_version`: of the rule as it was published.
    """

    made_at = UnicodeAttribute()
    rule = UnicodeAttribute()
    rule_version = IntegerAttribute()
    shares = PackedJSONAttribute()


class GrantItem(Item, discriminator="allocation_grant"):
    """What one order got in a run and why, for its dealer to read. `grants`: [sku, pieces, reason] each."""

    order_id = UnicodeAttribute()
    run = UnicodeAttribute()
    granted_at = UnicodeAttribute()
    rule_version = IntegerAttribute()
    grants = PackedJSONAttribute()


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


def allocation_run_key(warehouse: str, run_id: str) -> Key:
    """A run in which goods were shared out."""
    return f"STOCK#{warehouse}", f"ALLOCATION#{run_id}"


def grant_key(order_id: str, run_id: str, first_sku_index: int) -> Key:
    """What an order got in a run; of more buckets than one transaction can change, in portions."""
    pk, sk = part_key("GRANT", order_id)
    return pk, f"{sk}#{run_id}#{first_sku_index}"
