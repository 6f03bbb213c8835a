"""Stored entries of the order list."""

from __future__ import annotations

from datetime import date
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from kernel.base.codes import fold
from kernel.store.items import Item, Key
from kernel.time import clock
from services.orders.order.items import HeaderItem, order_part_key, orders_pk

#: Most characters of a purchase order in a key; a longer one is found by its beginning.
_MOST_IN_KEY = 60
#: Index partition of the entries by purchase order.
PURCHASE_ORDERS = "ORDERS#PO"


# P  orders of a dealer by day                      pk: ORDERS#<dealer>     sk: DAY#<day>#<sequence>
# P  orders of a day (Asia/Shanghai)                gsi1pk: ORDERS#DAY#<day>  gsi1sk: <submitted at>#<order>
# P  orders of a dealer by purchase order           pk: ORDERS#<dealer>     sk: PO#<folded purchase order>#<sequence>
# P  orders by purchase order                       gsi1pk: ORDERS#PO         gsi1sk: <folded purchase order>#<order>
class OrderEntryItem(Item, discriminator="order_entry"):
    """Entry of an order in the order list, by day and by purchase order; written once after the order was stored.

    It has only what never changes. `purchase_order` is as the dealer wrote it.
    """

    order_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    purchase_order = UnicodeAttribute(null=True)


def submission_day(header: HeaderItem) -> date:
    """Return the day (Asia/Shanghai) on which an order was submitted."""
    return clock.business_date(clock.parse_stamp(header.submitted_at))


def day_entry_key(header: HeaderItem) -> Key:
    """Return the key of the entry of an order by day."""
    return orders_pk(header.dealer_id), f"DAY#{submission_day(header)}#{header.sequence}"


def day_index_pk(day: date) -> str:
    """Return the index partition of the orders of a day."""
    return f"ORDERS#DAY#{day}"


def folded_purchase_order(text: str) -> str:
    """Return a purchase order, or its beginning, as keys contain it."""
    return fold(text)[:_MOST_IN_KEY]


def header_key(entry: OrderEntryItem) -> Key:
    """Return the key of the header of an entry's order."""
    return order_part_key("HEADER", entry.order_id)


def entries_of(header: HeaderItem, purchase_order: str | None) -> list[OrderEntryItem]:
    """Return the entries of an order: one by day, and one by its purchase order if it has one."""
    facts: dict[str, Any] = {
        "order_id": header.order_id,
        "dealer_id": header.dealer_id,
        "purchase_order": purchase_order,
    }
    pk, by_day = day_entry_key(header)
    rank = f"{header.submitted_at}#{header.order_id}"
    found = [OrderEntryItem(pk, by_day, gsi1pk=day_index_pk(submission_day(header)), gsi1sk=rank, **facts)]
    if purchase_order:
        folded = folded_purchase_order(purchase_order)
        by_number = f"PO#{folded}#{header.sequence}"
        rank = f"{folded}#{header.order_id}"
        found.append(OrderEntryItem(pk, by_number, gsi1pk=PURCHASE_ORDERS, gsi1sk=rank, **facts))
    return found
