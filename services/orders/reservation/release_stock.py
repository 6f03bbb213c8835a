"""Release what is reserved for an order."""

from __future__ import annotations

from contracts.stock import SKUS_PER_BUCKET
from kernel.store.transaction import Transaction
from services.orders.order.change_order import record_partial_progress
from services.orders.order.items import Order
from services.orders.order.load_order import load_order
from services.orders.order.rules import reserved_by_sku_index, split_to_fit_transactions, turn_reserved_into_backordered
from services.orders.stock.move_stock import MovementCause, move_stock
from services.orders.stock.rules import Move


def release_what_exceeds_one_transaction(order: Order) -> tuple[Order, frozenset[int]]:
    """Release in recorded steps what one transaction cannot release.

    Returns:
        The order as it is then, and the SKU indexes that are still reserved.
    """
    parts = split_to_fit_transactions(reserved_by_sku_index(order.demands, order.progress), SKUS_PER_BUCKET)
    for part in parts[:-1]:
        transaction = Transaction()
        release_reserved(transaction, order, part)
        record_partial_progress(transaction, order, turn_reserved_into_backordered(order.demands, order.progress, part))
        transaction.commit()
        order = load_order(order.header.order_id)
    return order, parts[-1] if parts else frozenset()


def release_reserved(transaction: Transaction, order: Order, sku_indexes: frozenset[int]) -> None:
    """Add to the transaction the release of what is reserved under these SKU indexes."""
    reserved = reserved_by_sku_index(order.demands, order.progress)
    pieces = {sku_index: reserved[sku_index] for sku_index in sku_indexes}
    move_stock(transaction, Move.UNRESERVE, order.header.warehouse, pieces, MovementCause(order.next_step))
