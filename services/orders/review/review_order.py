"""Approve or reject an order in review, or release one of its holds."""

from __future__ import annotations

from contracts.orders import OrderApproved, OrderHoldReleased, OrderRejected
from kernel.base import observability
from kernel.base.problems import Busy, NotAllowed, NotFound
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.credit.load_dealer_credit import (
    DEALER_CREDIT_LABELS,
    load_order_and_dealer_credit,
    require_unchanged_dealer_credit,
)
from services.orders.credit.obstacles import order_credit
from services.orders.credit.refusals import overdue_facts, require_no_obstacle
from services.orders.order.api import OrderSummary, ReasonRequest
from services.orders.order.change_order import commit_change
from services.orders.order.items import Order
from services.orders.order.lifecycle import HOLD_RELEASERS, Action, require_allowed
from services.orders.order.load_order import load_order
from services.orders.review.api import Approve
from services.orders.review.end_order import end_order
from services.orders.review.release_credit_hold import accept_exposure
from services.orders.service_terms import reservation_end_stamp
from services.orders.stock.move_stock import MovementCause, record_reservation_kept_in_next_state
from services.orders.vocabulary import Hold, State

#: Another order or a payment of the dealer may change its account meanwhile. The attempts are plain loops, because a
#: helper would add frames between route and commit.
_ATTEMPTS = 8


def approve_order(caller: Principal, order_id: str, request: Approve, key: IdempotencyKey) -> OrderSummary:
    """Approve an order, so that its reserved pieces may be shipped.

    Dealer and account are looked at again, and must be the same at the commit: the approval is the last decision
    before goods are picked.

    Raises:
        Refusal: the order is not in review, or something stops it: its dealer, credit, a hold, undecided stock.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _approve(caller, order_id, request, key)
        except TransactionRefused as refused:
            _raise_unless_credit_changed(refused)
    raise Busy


def _approve(caller: Principal, order_id: str, request: Approve, key: IdempotencyKey) -> OrderSummary:
    order, dealer_credit = load_order_and_dealer_credit(order_id)
    require_allowed(Action.APPROVE, order.state, caller.roles)
    require_no_obstacle(Action.APPROVE, order_credit(order), dealer_credit)
    now, header = clock.now(), order.header
    transaction = Transaction()
    require_unchanged_dealer_credit(transaction, header.dealer_id, dealer_credit)
    if header.reserved:
        cause = MovementCause(order.next_step, caller.name)
        record_reservation_kept_in_next_state(transaction, header.warehouse, cause)
    answer = commit_change(
        transaction,
        order,
        Action.APPROVE,
        OrderApproved,
        key,
        by=caller.name,
        facts={"note": request.note},
        decided_at=clock.stamp(),
        reserved_until=reservation_end_stamp(State.CONFIRMED, header.grade, now) if header.reserved else None,
        warned=None,
    )
    _measure_decision(order)
    return answer


def reject_order(caller: Principal, order_id: str, request: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    """Reject an order, and release its stock and credit.

    Raises:
        Refusal: the order is not in review.
    """
    order = load_order(order_id)
    require_allowed(Action.REJECT, order.state, caller.roles)
    answer = end_order(order, Action.REJECT, OrderRejected, key, by=caller.name, facts={"reason": request.reason})
    _measure_decision(order)
    return answer


def release_hold(
    caller: Principal, order_id: str, hold: str, request: ReasonRequest, key: IdempotencyKey
) -> OrderSummary:
    """Release one hold of an order: finance releases a credit hold, assistants a stock hold.

    Raises:
        NotFound: the order has no such hold.
        NotAllowed: another role releases this hold.
        Refusal: the dealer is suspended.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _release_hold(caller, order_id, hold, request, key)
        except TransactionRefused as refused:
            _raise_unless_credit_changed(refused)
    raise Busy


def _release_hold(
    caller: Principal, order_id: str, hold: str, request: ReasonRequest, key: IdempotencyKey
) -> OrderSummary:
    order, dealer_credit = load_order_and_dealer_credit(order_id)
    require_allowed(Action.RELEASE_HOLD, order.state, caller.roles)
    if hold not in order.holds:
        raise NotFound
    if not caller.roles & HOLD_RELEASERS[Hold(hold)]:
        raise NotAllowed
    require_no_obstacle(Action.RELEASE_HOLD, order_credit(order), dealer_credit)
    transaction, changes = Transaction(), {"holds": sorted(order.holds - {Hold(hold)})}
    facts = {"hold": hold, "reason": request.reason}
    if hold == Hold.CREDIT:
        changes |= accept_exposure(transaction, order, dealer_credit)
        facts |= overdue_facts(dealer_credit)
    return commit_change(
        transaction,
        order,
        Action.RELEASE_HOLD,
        OrderHoldReleased,
        key,
        by=caller.name,
        facts=facts,
        **changes,
    )


def _raise_unless_credit_changed(refused: TransactionRefused) -> None:
    """Raise a refusal again unless only the credit of the dealer has changed, so that the next attempt decides anew."""
    if not refused.reasons.keys() <= DEALER_CREDIT_LABELS:
        raise refused


def _measure_decision(order: Order) -> None:
    """Record the seconds from submit to decision."""
    waited = clock.now() - clock.parse_stamp(order.header.submitted_at)
    observability.record_duration("SubmitToDecision", waited.total_seconds())
