"""Review: a clerk decides; every decision is explained to the dealer and gives back what it frees."""

from __future__ import annotations

from typing import Any

from contracts.orders import (
    OrderApproved,
    OrderCancelled,
    OrderEvent,
    OrderHoldReleased,
    OrderRejected,
    OrderReservationExtended,
)
from kernel.base import observability
from kernel.base.problems import NotAllowed, NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from kernel.messaging.outbox import Command
from kernel.store.table import Transaction
from kernel.time import clock
from services.orders import stock
from services.orders.api import Approve, OrderSummary, ReasonRequest
from services.orders.commands.release_stock import free, release_all_but_last_step
from services.orders.domain import (
    Action,
    Hold,
    Progress,
    State,
    cancel_unshipped,
    dealer_may_cancel,
    may,
)
from services.orders.holding import reserved_until
from services.orders.table.accounts import OrderingAccountItem, account_key
from services.orders.table.changes import change_order
from services.orders.table.orders import RESERVE_QUEUE, Order
from services.orders.table.reading import load_order
from services.orders.views import event_fields, summary_of

_RELEASERS = {
    Hold.CREDIT: frozenset({Role.FINANCE, Role.ADMIN}),
    Hold.STOCK: frozenset({Role.ASSISTANT, Role.ADMIN}),
}


def own_order(caller: Principal, order_id: str) -> Order:
    """An order the caller may see.

    Raises:
        NotFound: there is none, or it is another dealer's.
    """
    order = load_order(order_id)
    if caller.is_dealer and order.header.dealer_id != caller.dealer_id:
        raise NotFound
    return order


def approve_order(caller: Principal, order_id: str, request: Approve, key: IdempotencyKey) -> OrderSummary:
    """Confirm an order: what is held for it may be shipped.

    Raises:
        Refusal: it is not in review, or holds are still on it.
    """
    order = _order_for(Action.APPROVE, order_id)
    if order.holds:
        names = ", ".join(sorted(order.holds))
        raise Refusal(
            "order-on-hold", f"请先解除冻结:{names} / release these holds first: {names}", holds=sorted(order.holds)
        )
    event = OrderApproved(**event_fields(order.header, State.CONFIRMED, caller.name), note=request.note)
    now = clock.now()
    ends = reserved_until(State.CONFIRMED, order.header.grade, now) if order.header.reserved else None
    transaction = Transaction()
    if order.header.reserved:
        stock.record_reservation_carried_over(
            transaction, order.header.warehouse, stock.Cause(order.next_step, caller.name)
        )
    answer = _commit(transaction, order, event, key, decided_at=clock.stamp(), reserved_until=ends, warned=None)
    _measure_decision(order)
    return answer


def reject_order(caller: Principal, order_id: str, request: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    """Turn an order down, giving back its stock and credit.

    Raises:
        Refusal: it is not in review.
    """
    order = _order_for(Action.REJECT, order_id)
    event = OrderRejected(**event_fields(order.header, State.REJECTED, caller.name), reason=request.reason)
    answer = _end(order, event, key)
    _measure_decision(order)
    return answer


def cancel_order(caller: Principal, order_id: str, request: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    """Cancel what was not shipped, giving back its stock and credit. Dealers may until the order is approved.

    Raises:
        NotFound: not the caller's order.
        Refusal: it is too late.
    """
    order = own_order(caller, order_id)
    if not may(Action.CANCEL, order.state) or (caller.is_dealer and not dealer_may_cancel(order.state)):
        raise _wrong_state(Action.CANCEL, order.state)
    shipped = sum(so_far.shipped for so_far in order.progress)
    state = State.CLOSED if shipped else State.CANCELLED
    event = OrderCancelled(
        **event_fields(order.header, state, caller.name),
        cancelled=order.header.pieces - shipped,
        reason=request.reason,
    )
    return _end(order, event, key)


def release_hold(
    caller: Principal, order_id: str, hold: str, request: ReasonRequest, key: IdempotencyKey
) -> OrderSummary:
    """Take one hold off an order: finance answers for credit, assistants for stock.

    Raises:
        NotFound: the order has no such hold.
        NotAllowed: not this role's to release.
    """
    order = _order_for(Action.RELEASE_HOLD, order_id)
    if hold not in order.holds:
        raise NotFound
    if not caller.roles & _RELEASERS[Hold(hold)]:
        raise NotAllowed
    event = OrderHoldReleased(**event_fields(order.header, order.state, caller.name), hold=hold, reason=request.reason)
    left = sorted(order.holds - {Hold(hold)})
    return _commit(Transaction(), order, event, key, holds=left)


def extend_reservation(caller: Principal, order_id: str, request: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    """Let what is held for an order stay held as long as if it had come to its stage just now. What went back when its
    hold expired is waited for again, from the end of the line.

    Raises:
        NotFound: not the caller's order.
        Refusal: it is not in review or confirmed, or neither holds nor lacks anything.
    """
    order = own_order(caller, order_id)
    if not may(Action.EXTEND_RESERVATION, order.state):
        raise _wrong_state(Action.EXTEND_RESERVATION, order.state)
    header = order.header
    ends = reserved_until(order.state, header.grade, clock.now()) if header.reserved else None
    since = header.backordered_since
    if header.backordered and not since and order.shortage_policy.waits_for_stock:
        since = clock.stamp()
    if ends is None and since == header.backordered_since:
        raise Refusal(
            "nothing-to-extend", "没有可续期的预留 / nothing is held or waited for; approve or cancel the order"
        )
    event = OrderReservationExtended(
        **event_fields(header, order.state, caller.name),
        reserved_until=ends,
        backordered_since=since,
        reason=request.reason,
    )
    command = Command(RESERVE_QUEUE, header.warehouse)
    return _commit(
        Transaction(), order, event, key, command=command, reserved_until=ends, warned=None, backordered_since=since
    )


def _order_for(action: Action, order_id: str) -> Order:
    order = load_order(order_id)
    if not may(action, order.state):
        raise _wrong_state(action, order.state)
    return order


def _wrong_state(action: Action, state: State) -> Refusal:
    return Refusal(
        "order-state",
        f"订单状态为 {state},不能执行 {action} / an order that is {state} cannot be put to {action}",
        state=state,
    )


def _end(order: Order, event: OrderEvent, key: IdempotencyKey) -> OrderSummary:
    """Cancel what was not shipped and give it back. More buckets than one transaction can change are freed in recorded
    parts first; the last transaction ends the order. If that never comes, what was freed is still on order, and counts
    as committed, until somebody ends the order after all."""
    header = order.header
    order, last = release_all_but_last_step(order)
    transaction = Transaction()
    free(transaction, order, last)
    unshipped_fen = sum(
        line.gross_fen - line.value_of(so_far.shipped) for line, so_far in zip(order.lines, order.progress, strict=True)
    )
    transaction.update(
        OrderingAccountItem,
        account_key(header.dealer_id),
        [OrderingAccountItem.committed_fen.add(-unshipped_fen)],
        None,
        "account",
    )
    progress = cancel_unshipped(order.lines, order.progress)
    decided = {} if order.header.decided_at else {"decided_at": clock.stamp()}
    # What was freed is for those who wait for it.
    command = Command(RESERVE_QUEUE, header.warehouse)
    ended: dict[str, Any] = {"holds": [], "reserved_until": None, "warned": None, **decided}
    return _commit(transaction, order, event, key, command=command, progress=progress, **ended)


def _commit(
    transaction: Transaction,
    order: Order,
    event: OrderEvent,
    key: IdempotencyKey,
    *,
    progress: tuple[Progress, ...] | None = None,
    command: Command | None = None,
    **changes: Any,
) -> OrderSummary:
    after = change_order(transaction, order, event=event, progress=progress, command=command, **changes)
    answer = summary_of(after.header)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def _measure_decision(order: Order) -> None:
    waited = clock.now() - clock.parse_stamp(order.header.submitted_at)
    observability.seconds("SubmitToDecision", waited.total_seconds())
