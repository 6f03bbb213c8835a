"""Choose the warehouse of an order that its home warehouse cannot serve in full."""

from __future__ import annotations

from dataclasses import asdict
from typing import NamedTuple

from services.orders.order.change_order import with_warehouse
from services.orders.order.items import Order
from services.orders.order.rules import wanted_by_sku_index
from services.orders.sourcing.items import alternate_warehouses
from services.orders.sourcing.rules import choose_warehouse
from services.orders.stock.buckets import available_pieces
from services.orders.vocabulary import Pieces


class SourcedOrder(NamedTuple):
    """Order at the chosen warehouse, and the available pieces there by SKU index as far as they are known."""

    order: Order
    available: Pieces


def source_order(order: Order, available_at_home: Pieces) -> SourcedOrder:
    """Compare home with its published alternates and return the order at the chosen one; nothing is written.

    Without alternates the order stays at home, and nothing more is read.
    """
    home = order.header.warehouse
    alternates = alternate_warehouses(home)
    if not alternates:
        return SourcedOrder(order, available_at_home)
    wanted = wanted_by_sku_index(order.demands, order.progress)
    found = {warehouse: available_pieces(warehouse, wanted) for warehouse in (home, *alternates)}
    choice = choose_warehouse(home, alternates, found, wanted, order.shortage_policy)
    candidates = [asdict(candidate) for candidate in choice.candidates]
    return SourcedOrder(with_warehouse(order, choice.warehouse, candidates), found[choice.warehouse])
