"""Show stock on hand and in quarantine."""

from __future__ import annotations

from kernel.time import clock
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.stock.api import StockLine, StockView
from services.orders.stock.buckets import quarantined_pieces
from services.orders.stock.document_lines import products_in_query
from services.orders.stock.on_hand import on_hand_pieces


def show_stock(warehouse: str, skus: str) -> StockView:
    """Show available, reserved and quarantined pieces of these SKUs, separated by commas.

    Raises:
        NotFound: there is no such warehouse.
        Invalid: SKUs are unknown, or there are more than 50.
    """
    require_warehouse_of_path(warehouse)
    products = products_in_query(skus)
    sku_indexes = [product.sku_index for product in products.values()]
    found, aside = on_hand_pieces(warehouse, sku_indexes), quarantined_pieces(warehouse, sku_indexes)
    lines = []
    for sku, product in products.items():
        available, reserved = found[product.sku_index]
        lines.append(
            StockLine(
                sku=sku,
                name_zh=product.name_zh,
                name_en=product.name_en,
                available=max(available, 0),
                reserved=reserved,
                missing=max(-available, 0),
                on_hand=available + reserved,
                quarantined=aside[product.sku_index],
            )
        )
    return StockView(
        warehouse=warehouse, **warehouse_names(warehouse), as_of=clock.stamp(), stock=lines, next_cursor=None
    )
