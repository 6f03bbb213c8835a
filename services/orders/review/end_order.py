"""End an order: cancel what was not shipped, release stock and credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.orders import OrderEvent
from kernel.http.idempotency import IdempotencyKey
from kernel.messaging.outbox import Command
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.order.api import OrderSummary
from services.orders.order.change_order import commit_change
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action
from services.orders.order.rules import cancel_unshipped, unshipped_value_fen
from services.orders.reservation.release_stock import release_reserved, release_what_exceeds_one_transaction
from services.orders.vocabulary import RESERVE_QUEUE


def end_order(
    order: Order, action: Action, event: type[OrderEvent], key: IdempotencyKey, *, by: str, facts: Mapping[str, Any]
) -> OrderSummary:
    """Cancel all unshipped pieces and release their stock and credit; return the order as it is then.

    Stock in more buckets than one transaction can change is released in recorded steps first. If the last transaction
    never comes, the released pieces stay open and committed until the order is ended after all.
    """
    order, last = release_what_exceeds_one_transaction(order)
    transaction = Transaction()
    release_reserved(transaction, order, last)
    # An order on credit hold is not committed.
    unshipped_fen = 0 if order.header.is_on_credit_hold else unshipped_value_fen(order.lines, order.progress)
    transaction.update_fields(
        OrderingAccountItem,
        ordering_account_key(order.header.dealer_id),
        {},
        increments={"committed_fen": -unshipped_fen},
        label="account",
    )
    ended: dict[str, Any] = {"holds": [], "reserved_until": None, "warned": None}
    if not order.header.decided_at:
        ended["decided_at"] = clock.stamp()
    return commit_change(
        transaction,
        order,
        action,
        event,
        key,
        by=by,
        facts=facts,
        progress=cancel_unshipped(order.lines, order.progress),
        # The released pieces go to the backorder queue.
        command=Command(RESERVE_QUEUE, order.header.warehouse),
        **ended,
    )
