"""Settle the shortage of a warehouse: decide who keeps the pieces that are there, and take the missing ones."""

from __future__ import annotations

from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.allocation.load_allocation_rule import load_allocation_rule
from services.orders.settlement.rules import decide_who_keeps, pieces_beyond_reservations
from services.orders.settlement.take_missing import take_missing_pieces
from services.orders.shortages.items import (
    SHORTAGE_LABEL,
    ShortageItem,
    change_shortage,
    close_shortage,
    load_shortage,
)
from services.orders.stock.buckets import StockKeepsChanging, available_pieces
from services.orders.stock.move_stock import MovementCause, move_several_kinds_of_stock
from services.orders.stock.on_hand import load_reservations
from services.orders.stock.rules import Move
from services.orders.stock_documents.items import StockDocumentItem, document_key
from services.orders.vocabulary import Pieces

#: Most decisions of one command. Each further one follows a change of what is missing.
_ROUNDS = 25

_PROVEN = "盘点后已发货,证明实物存在 / shipped since the count, so the pieces were there"


def settle_shortage(warehouse: str) -> None:
    """Take missing pieces from the orders that do not keep theirs. Without an open shortage nothing happens.

    Who keeps pieces is recorded before the first order loses any. Every order then loses its own in one transaction,
    under the condition that this decision is the last one. A repeat after a crash continues with it.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    for _ in range(_ROUNDS):
        shortage = load_shortage(warehouse)
        if shortage is None:
            return
        try:
            _go_on(shortage)
        except TransactionRefused as refused:
            if SHORTAGE_LABEL not in refused and not _is_stock_moved(refused):
                raise
    raise StockKeepsChanging


def _go_on(shortage: ShortageItem) -> None:
    """Do the next step: decide, or take what was decided and close.

    Raises:
        TransactionRefused: the shortage or its stock changed meanwhile.
    """
    if shortage.keeps is None:
        _decide(shortage)
        return
    for order_id in shortage.keeps:
        take_missing_pieces(order_id, shortage)
    transaction = Transaction()
    if _missing(shortage):
        change_shortage(transaction, shortage, keeps=None)  # a void shipment brought reservations back
    else:
        close_shortage(transaction, shortage)
    transaction.commit()


def _decide(shortage: ShortageItem) -> None:
    warehouse = shortage.warehouse
    orders, on_hand = load_reservations(warehouse, shortage.by_sku_index)
    available = {sku_index: there.available for sku_index, there in on_hand.items() if there.available < 0}
    reserved = {sku_index: there.reserved for sku_index, there in on_hand.items()}
    transaction = Transaction()
    if beyond := pieces_beyond_reservations(available, reserved):
        _find(transaction, shortage, beyond, available)
    elif not available:
        close_shortage(transaction, shortage)
    else:
        rule = load_allocation_rule(warehouse)
        keeps = decide_who_keeps(rule.rule, rule.settings, available, orders)
        stored = {
            order_id: {str(sku_index): pieces for sku_index, pieces in kept.items()} for order_id, kept in keeps.items()
        }
        change_shortage(transaction, shortage, keeps=stored, rule=rule.rule)
    transaction.commit()


def _find(transaction: Transaction, shortage: ShortageItem, beyond: Pieces, available: Pieces) -> None:
    """Book pieces as found that were shipped while the count was booked: the shipment proves them."""
    kind, _, reference = shortage.document.partition(" ")
    number = f"{reference}#{kind}{shortage.decisions}"
    skus = {sku_index: missing.sku for sku_index, missing in shortage.by_sku_index.items()}
    cause = MovementCause(f"{Move.FOUND} {number}")
    expected = {sku_index: available[sku_index] for sku_index in beyond}
    move_several_kinds_of_stock(transaction, shortage.warehouse, {Move.FOUND: beyond}, cause, expected)
    transaction.create(
        StockDocumentItem(
            *document_key(shortage.warehouse, Move.FOUND, number),
            document=Move.FOUND,
            made_at=clock.stamp(),
            made_by="",
            reason=_PROVEN,
            lines=[[skus[sku_index], pieces] for sku_index, pieces in sorted(beyond.items())],
        ),
        "document",
    )
    change_shortage(transaction, shortage, keeps=None)


def _missing(shortage: ShortageItem) -> bool:
    return any(pieces < 0 for pieces in available_pieces(shortage.warehouse, shortage.by_sku_index).values())


def _is_stock_moved(refused: TransactionRefused) -> bool:
    return all(label.startswith("bucket") for label in refused.reasons)
