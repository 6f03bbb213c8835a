"""Put an order on credit hold, in which it takes no stock from those who can pay."""

from __future__ import annotations

from contracts.orders import OrderCreditHoldPlaced
from contracts.stock import SKUS_PER_BUCKET
from kernel.base.problems import Busy
from kernel.messaging.outbox import Command
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.credit.load_dealer_credit import change_committed, load_order_and_dealer_credit
from services.orders.credit.obstacles import OF_CREDIT, DealerCredit, obstacles, order_credit
from services.orders.credit.refusals import overdue_facts
from services.orders.order.change_order import change_order, record_partial_progress
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, is_allowed
from services.orders.order.rules import (
    reserved_by_sku_index,
    split_to_fit_transactions,
    turn_open_into_undecided,
    turn_reserved_into_undecided,
    unshipped_value_fen,
)
from services.orders.reservation.release_stock import release_reserved
from services.orders.vocabulary import RESERVE_QUEUE, Hold

#: Most transactions of one command: those of the largest order, and some that others refuse.
_MOST_TRANSACTIONS = 30


def accept_on_credit_hold(order: Order) -> None:
    """Move an order that was submitted beyond the credit limit to the review queue; its stock stays undecided.

    Raises:
        TransactionRefused: the order was changed since it was loaded.
    """
    transaction = Transaction()
    change_order(
        transaction, order, Action.PLACE_CREDIT_HOLD, OrderCreditHoldPlaced, facts={}, visible_at=clock.stamp()
    )
    transaction.commit()


def place_credit_hold(order_id: str) -> None:
    """Put an order on credit hold that credit stops by now, and release all its stock.

    The order also leaves the backorder queue, and its value no longer counts as committed. Stock in many buckets is
    released in recorded steps. If the last one never comes, the order is not on hold and the sweep reserves it again.

    Raises:
        NotFound: the order does not exist.
        Busy: others kept changing order or account.
    """
    for _ in range(_MOST_TRANSACTIONS):
        order, dealer_credit = load_order_and_dealer_credit(order_id)
        if not _belongs_on_hold(order, dealer_credit):
            return
        parts = split_to_fit_transactions(reserved_by_sku_index(order.demands, order.progress), SKUS_PER_BUCKET)
        try:
            if len(parts) > 1:
                _release_part(order, parts[0])
                continue
            _place(order, dealer_credit, parts[0] if parts else frozenset())
        except TransactionRefused:
            continue  # others changed order or account, so the decision is made anew
        return
    raise Busy


def _belongs_on_hold(order: Order, dealer_credit: DealerCredit) -> bool:
    """Return whether credit stops an order that is not on hold yet."""
    if order.header.is_on_credit_hold or not is_allowed(Action.PLACE_CREDIT_HOLD, order.state):
        return False
    return not OF_CREDIT.isdisjoint(obstacles(Action.APPROVE, order_credit(order), dealer_credit))


def _release_part(order: Order, part: frozenset[int]) -> None:
    transaction = Transaction()
    release_reserved(transaction, order, part)
    progress = turn_reserved_into_undecided(order.demands, order.progress, part)
    record_partial_progress(transaction, order, progress)
    transaction.commit()


def _place(order: Order, dealer_credit: DealerCredit, last: frozenset[int]) -> None:
    header = order.header
    transaction = Transaction()
    release_reserved(transaction, order, last)
    value_fen = unshipped_value_fen(order.lines, order.progress)
    change_committed(transaction, header.dealer_id, -value_fen, dealer_credit)
    change_order(
        transaction,
        order,
        Action.PLACE_CREDIT_HOLD,
        OrderCreditHoldPlaced,
        facts={"released": header.reserved, **overdue_facts(dealer_credit)},
        progress=turn_open_into_undecided(order.progress),
        # The released pieces go to the backorder queue.
        command=Command(RESERVE_QUEUE, header.warehouse),
        holds=[Hold.CREDIT],
        credit_held_at=clock.stamp(),
        reserved_until=None,
        promised_on=None,
        warned=None,
        backordered_since=None,
    )
    transaction.commit()
