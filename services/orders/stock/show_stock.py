"""Show stock on hand and in quarantine."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid
from kernel.time import clock
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.stock.api import StockLine, StockView
from services.orders.stock.buckets import quarantined_pieces
from services.orders.stock.document_lines import products_in_query
from services.orders.stock.on_hand import on_hand_pieces


def show_stock(warehouse: str, skus: str, cursor: str | None) -> StockView:
    """Show available, reserved and quarantined pieces of these SKUs, separated by commas, on one page.

    Raises:
        NotFound: there is no such warehouse.
        Invalid: SKUs are unknown, there are more than 50, or a cursor is given.
    """
    require_warehouse_of_path(warehouse)
    if cursor is not None:
        detail = "指定商品时没有下一页,请去掉 cursor / the answer for SKUs has one page; leave the cursor out"
        raise Invalid([FieldProblem(field="cursor", code="not-with-skus", detail=detail)])
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
