"""What is held for an order is given back: by whoever ends it, or when its hold ends."""

from __future__ import annotations

from contracts.stock import SLOTS_PER_SHELF
from kernel.table import Transaction
from services.orders import stock
from services.orders.domain import Move, given_back, held_by_slot, steps
from services.orders.table.changes import record_step
from services.orders.table.orders import Order
from services.orders.table.reading import load_order


def free_all_but_last(order: Order) -> tuple[Order, frozenset[int]]:
    """Give back in recorded parts what one transaction cannot: the order as it is then, and the slots still held."""
    parts = steps(held_by_slot(order.demands, order.progress), SLOTS_PER_SHELF)
    for part in parts[:-1]:
        transaction = Transaction()
        free(transaction, order, part)
        record_step(transaction, order, given_back(order.demands, order.progress, part))
        transaction.commit()
        order = load_order(order.header.order_id)
    return order, parts[-1] if parts else frozenset()


def free(transaction: Transaction, order: Order, slots: frozenset[int]) -> None:
    """Let the transaction give back what the order holds in these slots."""
    held = held_by_slot(order.demands, order.progress)
    pieces = {slot: held[slot] for slot in slots}
    stock.move(transaction, Move.RELEASE, order.header.warehouse, pieces, stock.Cause(order.next_step))
