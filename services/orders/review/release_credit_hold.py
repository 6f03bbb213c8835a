"""Release a credit hold: finance accepts what the dealer then owes, or the limit covers it by now."""

from __future__ import annotations

from typing import Any

from contracts.orders import OrderHoldReleased
from kernel.messaging.outbox import Command
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.orders.credit.load_dealer_credit import (
    DEALER_CREDIT_LABELS,
    change_committed,
    load_dealer_credit,
    load_order_and_dealer_credit,
)
from services.orders.credit.obstacles import DealerCredit, OrderCredit, needs_no_release, order_credit
from services.orders.order.change_order import change_order
from services.orders.order.items import HeaderItem, Order
from services.orders.order.lifecycle import Action, is_allowed
from services.orders.vocabulary import RESERVE_QUEUE, RESERVE_URGENT_QUEUE, Hold

_ATTEMPTS = 5
_COVERED = "额度已够且无逾期,自动解除 / the credit limit covers the order, and nothing is overdue"


def accept_exposure(transaction: Transaction, order: Order, dealer_credit: DealerCredit) -> dict[str, Any]:
    """Commit the value of an order on credit hold, and record the amounts that finance accepts with the release.

    A debt that becomes overdue from today on is not accepted, and stops the order again.

    The transaction is refused with the label "account" if the dealer's account has changed since it was loaded.

    Returns:
        What a release of the hold changes in the order.
    """
    value_fen = order_credit(order).uncommitted_fen
    exposure_fen = dealer_credit.committed_fen + value_fen
    overdue_fen = dealer_credit.overdue.fen
    accepted = {
        "accepted_fen": exposure_fen if exposure_fen > dealer_credit.limit_fen else None,
        "accepted_overdue_fen": overdue_fen or None,
        "accepted_overdue_on": clock.business_date(clock.now()).isoformat() if overdue_fen else None,
    }
    change_committed(transaction, order.header.dealer_id, value_fen, dealer_credit, accepted)
    return _changes(order)


def release_covered_credit_hold(header: HeaderItem) -> None:
    """Release a credit hold that is not needed any more, because of a payment or a higher limit.

    Args:
        header: header of an order on credit hold, as an index shows it.

    Raises:
        Busy: others kept changing the dealer's account.
    """
    least_fen = 0 if header.shipped else header.gross_fen
    if needs_no_release(OrderCredit(least_fen), load_dealer_credit(header.dealer_id)):
        retry_on_conflict(
            _ATTEMPTS,
            lambda: _release_if_covered(header.order_id),
            retry_if=lambda refused: not DEALER_CREDIT_LABELS.isdisjoint(refused.reasons),
        )


def _release_if_covered(order_id: str) -> None:
    order, dealer_credit = load_order_and_dealer_credit(order_id)
    credit = order_credit(order)
    on_hold = order.header.is_on_credit_hold and is_allowed(Action.RELEASE_HOLD, order.state)
    if not on_hold or not needs_no_release(credit, dealer_credit):
        return
    transaction = Transaction()
    change_committed(transaction, order.header.dealer_id, credit.uncommitted_fen, dealer_credit)
    facts = {"hold": Hold.CREDIT.value, "reason": _COVERED}
    change_order(transaction, order, Action.RELEASE_HOLD, OrderHoldReleased, facts=facts, **_changes(order))
    transaction.commit()


def _changes(order: Order) -> dict[str, Any]:
    """Return what a release changes: the order asks for its stock now, behind those who could pay all the time."""
    queue = RESERVE_URGENT_QUEUE if order.header.urgent else RESERVE_QUEUE
    return {
        "command": Command(queue, order.header.warehouse),
        "holds": sorted(order.holds - {Hold.CREDIT}),
        "credit_released_at": clock.stamp(),
    }
