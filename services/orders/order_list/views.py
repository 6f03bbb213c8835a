"""Rows of the order list, with the names of dealers and warehouses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernel.store.read import fetch
from reads.dealers import dealer_names
from reads.warehouses import warehouse_names
from services.orders.order.items import HeaderItem
from services.orders.order.views import summary_fields
from services.orders.order_list.api import OrderRow
from services.orders.order_list.items import OrderEntryItem, day_entry_key


def rows_of(headers: Sequence[HeaderItem]) -> list[OrderRow]:
    """Return orders as rows, in at most two batched reads for a hundred of them."""
    names = dealer_names(header.dealer_id for header in headers)
    purchase_orders = _purchase_orders(headers)
    return [
        OrderRow(
            **summary_fields(header),
            dealer_name=names[header.dealer_id],
            **warehouse_names(header.warehouse),
            purchase_order=purchase_orders.get(header.order_id),
        )
        for header in headers
    ]


def _purchase_orders(headers: Sequence[HeaderItem]) -> Mapping[str, str | None]:
    entries = fetch(map(day_entry_key, headers), consistent=False).values()
    return {entry.order_id: entry.purchase_order for entry in entries if isinstance(entry, OrderEntryItem)}
