"""List all stock of a warehouse."""

from __future__ import annotations

from contracts.stock import SKUS_PER_BUCKET
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.time import clock
from reads.assortment import listings_by_index
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.stock.api import StockLine, StockView
from services.orders.stock.buckets import available_pieces, quarantined_pieces
from services.orders.stock.document_lines import load_products


def list_stock(caller: Principal, warehouse: str, cursor: str | None) -> StockView:
    """List available and quarantined pieces of all products, those of one bucket a page, in the order of their import.

    Raises:
        NotFound: there is no such warehouse.
    """
    require_warehouse_of_path(warehouse)
    bound_to = [caller.scope, "stock", warehouse]
    position = open_cursor(bound_to, cursor)
    bucket = int(position["bucket"]) if position else 0
    listings = listings_by_index()
    first = bucket * SKUS_PER_BUCKET
    shown = {index: listings[index][0] for index in range(first, first + SKUS_PER_BUCKET) if index in listings}
    products = load_products([("skus", sku) for sku in shown.values()])
    available, aside = available_pieces(warehouse, shown), quarantined_pieces(warehouse, shown)
    has_more = max(listings, default=0) >= first + SKUS_PER_BUCKET
    return StockView(
        warehouse=warehouse,
        **warehouse_names(warehouse),
        as_of=clock.stamp(),
        stock=[
            StockLine(
                sku=sku,
                name_zh=products[sku].name_zh,
                name_en=products[sku].name_en,
                available=max(available[index], 0),
                reserved=None,
                missing=max(-available[index], 0),
                on_hand=None,
                quarantined=aside[index],
            )
            for index, sku in shown.items()
        ],
        next_cursor=next_cursor(bound_to, {"bucket": bucket + 1} if has_more else None),
    )
