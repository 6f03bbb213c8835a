"""Take missing pieces from an order, in the transaction that publishes it."""

from __future__ import annotations

from typing import Any

from kernel.store.transaction import Transaction, TransactionRefused
from services.orders.order.change_order import record_partial_progress
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, is_allowed
from services.orders.order.load_order import load_order
from services.orders.order.rules import backorder_reserved
from services.orders.settlement.lose_pieces import lose_pieces
from services.orders.settlement.rules import Loss, lines_that_lose, next_loss
from services.orders.shortages.items import SHORTAGE_LABEL, ShortageItem, require_unchanged_shortage
from services.orders.stock.buckets import StockKeepsChanging, available_pieces
from services.orders.stock.move_stock import MovementCause, move_several_kinds_of_stock
from services.orders.stock.rules import Move
from services.orders.vocabulary import Pieces

#: Most transactions of one order: its parts, and some that others refuse.
_ROUNDS = 50


def take_missing_pieces(order_id: str, shortage: ShortageItem) -> None:
    """Take from an order what it does not keep; a repeat finds it done. The pieces are backordered.

    Raises:
        TransactionRefused: with SHORTAGE_LABEL, because another count changed the shortage.
        StockKeepsChanging: others kept changing order or stock.
    """
    keeps = shortage.kept_by(order_id)
    for _ in range(_ROUNDS):
        order = load_order(order_id)
        available = available_pieces(shortage.warehouse, keeps)
        loss = next_loss(order, keeps, available)
        if loss is None:
            return
        try:
            _write(order, loss, shortage, available)
        except TransactionRefused as refused:
            if SHORTAGE_LABEL in refused:
                raise
    raise StockKeepsChanging


def _write(order: Order, loss: Loss, shortage: ShortageItem, available: Pieces) -> None:
    transaction = Transaction()
    require_unchanged_shortage(transaction, shortage)
    unchanged = {sku_index: available[sku_index] for sku_index in loss.missing}
    move_several_kinds_of_stock(
        transaction,
        order.header.warehouse,
        {Move.UNRESERVE: loss.released},
        MovementCause(order.next_step),
        unchanged,
    )
    progress = backorder_reserved(order.demands, order.progress, loss.released)
    # The dealer of an undecided order is notified when its stock is decided.
    if loss.last and is_allowed(Action.LOSE_MISSING_PIECES, order.state):
        lose_pieces(transaction, order, Action.LOSE_MISSING_PIECES, progress, _facts(order, loss, shortage))
    else:
        record_partial_progress(transaction, order, progress)
    transaction.commit()


def _facts(order: Order, loss: Loss, shortage: ShortageItem) -> dict[str, Any]:
    first = shortage.by_sku_index[min(loss.missing)]
    return {
        "missing": sum(loss.missing.values()),
        "missing_lines": lines_that_lose(order, loss.missing),
        "released": sum(loss.released.values()),
        "document": first.document,
        "reference": first.reference,
        "reason": first.reason,
        "rule": shortage.rule,
    }
