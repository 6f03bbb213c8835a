"""What is held for an order is given back: by whoever ends it, or when its hold ends."""

from __future__ import annotations

from contracts.stock import SKUS_PER_BUCKET
from kernel.store.table import Transaction
from services.orders import stock
from services.orders.domain import Move, reserved_by_sku_index, return_to_backorder, steps
from services.orders.table.changes import record_step
from services.orders.table.orders import Order
from services.orders.table.reading import load_order


def release_all_but_last_step(order: Order) -> tuple[Order, frozenset[int]]:
    """Give back in recorded parts what one transaction cannot: the order as it is then, and the sku_indexes still held."""
    parts = steps(reserved_by_sku_index(order.demands, order.progress), SKUS_PER_BUCKET)
    for part in parts[:-1]:
        transaction = Transaction()
        free(transaction, order, part)
        record_step(transaction, order, return_to_backorder(order.demands, order.progress, part))
        transaction.commit()
        order = load_order(order.header.order_id)
    return order, parts[-1] if parts else frozenset()


def free(transaction: Transaction, order: Order, sku_indexes: frozenset[int]) -> None:
    """Let the transaction give back what the order holds in these sku_indexes."""
    reserved = reserved_by_sku_index(order.demands, order.progress)
    pieces = {sku_index: reserved[sku_index] for sku_index in sku_indexes}
    stock.move(transaction, Move.UNRESERVE, order.header.warehouse, pieces, stock.Cause(order.next_step))
