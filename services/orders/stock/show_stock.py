"""Show stock on hand."""

from __future__ import annotations

from kernel.time import clock
from services.orders.stock.api import StockLine, StockQuery, StockView
from services.orders.stock.document_lines import products_in_query
from services.orders.stock.on_hand import on_hand_pieces


def show_stock(warehouse: str, query: StockQuery) -> StockView:
    """Show available and reserved pieces of the requested SKUs.

    Raises:
        Invalid: SKUs are unknown, or there are more than 50.
    """
    products = products_in_query(query.skus)
    found = on_hand_pieces(warehouse, [product.sku_index for product in products.values()])
    lines = []
    for sku, product in products.items():
        available, reserved = found[product.sku_index]
        lines.append(StockLine(sku=sku, available=available, reserved=reserved, on_hand=available + reserved))
    return StockView(warehouse=warehouse, as_of=clock.stamp(), stock=lines)
