"""Approve or reject an order in review, or release one of its holds."""

from __future__ import annotations

from contracts.orders import OrderApproved, OrderHoldReleased, OrderRejected
from kernel.base import observability
from kernel.base.problems import NotAllowed, NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.order.api import OrderSummary, ReasonRequest
from services.orders.order.change_order import commit_change
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_order
from services.orders.review.api import Approve
from services.orders.review.end_order import end_order
from services.orders.service_terms import reservation_end_stamp
from services.orders.stock.move_stock import MovementCause, record_reservation_kept_in_next_state
from services.orders.vocabulary import Hold, State

_RELEASERS = {
    Hold.CREDIT: frozenset({Role.FINANCE, Role.ADMIN}),
    Hold.STOCK: frozenset({Role.ASSISTANT, Role.ADMIN}),
}


def approve_order(caller: Principal, order_id: str, request: Approve, key: IdempotencyKey) -> OrderSummary:
    """Approve an order, so that its reserved pieces may be shipped.

    Raises:
        Refusal: the order is not in review, or has holds.
    """
    order = load_order(order_id)
    require_allowed(Action.APPROVE, order.state, caller.roles)
    if order.holds:
        names = ", ".join(sorted(order.holds))
        raise Refusal(
            "order-on-hold", f"请先解除冻结:{names} / release these holds first: {names}", holds=sorted(order.holds)
        )
    now, header = clock.now(), order.header
    transaction = Transaction()
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
    """
    order = load_order(order_id)
    require_allowed(Action.RELEASE_HOLD, order.state, caller.roles)
    if hold not in order.holds:
        raise NotFound
    if not caller.roles & _RELEASERS[Hold(hold)]:
        raise NotAllowed
    return commit_change(
        Transaction(),
        order,
        Action.RELEASE_HOLD,
        OrderHoldReleased,
        key,
        by=caller.name,
        facts={"hold": hold, "reason": request.reason},
        holds=sorted(order.holds - {Hold(hold)}),
    )


def _measure_decision(order: Order) -> None:
    """Record the seconds from submit to decision."""
    waited = clock.now() - clock.parse_stamp(order.header.submitted_at)
    observability.record_duration("SubmitToDecision", waited.total_seconds())
