"""Invariants of an order's history: every version has its event, and the events follow the state table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from contracts.escalation import OrderOverdue
from contracts.orders import (
    OrderAddressChanged,
    OrderApproved,
    OrderBackordersFilled,
    OrderCancelled,
    OrderCreditHoldPlaced,
    OrderHoldReleased,
    OrderLinesCancelled,
    OrderPiecesMissing,
    OrderRejected,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReservationExtended,
    OrderReserved,
    OrderShipmentVoided,
    OrderShipped,
    OrderSubmitted,
)
from contracts.promises import OrderPromiseMoved, OrderPromiseSlipped
from kernel.invariants.events import every_version_has_an_event
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.time import clock
from services.orders.order.items import HeaderItem
from services.orders.order.lifecycle import CANCELS_PIECES, TRANSITIONS, Action
from services.orders.vocabulary import State

#: Longer than several runs of the sweep, which expires reservations every minute.
_SWEPT_WITHIN = timedelta(minutes=10)

#: The action that each event reports. An order begins with OrderSubmitted, which reports none.
ACTION_OF_EVENT: Mapping[str, Action] = {
    OrderReserved.TYPE: Action.RESERVE,
    OrderCreditHoldPlaced.TYPE: Action.PLACE_CREDIT_HOLD,
    OrderBackordersFilled.TYPE: Action.FILL_BACKORDERS,
    OrderPiecesMissing.TYPE: Action.LOSE_MISSING_PIECES,
    OrderPromiseMoved.TYPE: Action.CHANGE_PROMISE,
    OrderPromiseSlipped.TYPE: Action.CHANGE_PROMISE,
    OrderReservationExpiring.TYPE: Action.WARN_OF_EXPIRY,
    OrderReservationExpired.TYPE: Action.EXPIRE_RESERVATION,
    OrderReservationExtended.TYPE: Action.EXTEND_RESERVATION,
    OrderOverdue.TYPE: Action.REPORT_OVERDUE,
    OrderHoldReleased.TYPE: Action.RELEASE_HOLD,
    OrderApproved.TYPE: Action.APPROVE,
    OrderRejected.TYPE: Action.REJECT,
    OrderCancelled.TYPE: Action.CANCEL,
    OrderLinesCancelled.TYPE: Action.CANCEL_LINES,
    OrderShipped.TYPE: Action.SHIP,
    OrderShipmentVoided.TYPE: Action.VOID_SHIPMENT,
    OrderAddressChanged.TYPE: Action.CHANGE_DELIVERY_ADDRESS,
}
#: Actions after which an order may have no open piece, so that it closes: see `next_state`.
_MAY_CLOSE = CANCELS_PIECES | {Action.SHIP, Action.CANCEL}


def every_order_version_has_an_event(snapshot: Snapshot) -> Iterator[Finding]:
    """Find orders whose events are not numbered 1 to the order's version, or whose last event has another state."""
    orders = ((header.order_id, header.version, header.state) for header in snapshot.items(HeaderItem))
    return every_version_has_an_event(snapshot, "order-events", orders)


def order_histories_follow_the_state_table(snapshot: Snapshot) -> Iterator[Finding]:
    """Find events of orders that report a transition which the state table does not have."""
    for header in snapshot.items(HeaderItem):
        state = None
        for message in snapshot.history.get(header.order_id, []):
            after = State(message.data["state"])
            if not _is_possible(state, message.type, after):
                detail = f"{message.type} from {state or 'nothing'} to {after}"
                yield Finding("order-transition", header.order_id, detail)
            state = after


def reservations_expire(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find orders with reserved pieces after the end of the reservation."""
    long_due = clock.stamp(clock.parse_stamp(due) - _SWEPT_WITHIN)
    for header in snapshot.items(HeaderItem):
        if header.reserved_until and header.reserved and header.reserved_until < long_due:
            detail = f"{header.reserved} pieces, reserved until {header.reserved_until}"
            yield Finding("reservation-expired", header.order_id, detail)


def submitted_orders_get_decided(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find orders that are due and whose stock is not decided: submitted, or released from a credit hold."""
    for header in snapshot.items(HeaderItem):
        released = header.credit_released_at and header.awaits_reservation
        if (header.state == State.SUBMITTED or released) and header.wants_stock_since < due:
            yield Finding("order-undecided", header.order_id, f"stock is not decided since {header.wants_stock_since}")


ALWAYS = (every_order_version_has_an_event, order_histories_follow_the_state_table)
WHEN_DUE = (submitted_orders_get_decided, reservations_expire)


def _is_possible(before: State | None, event_type: str, after: State) -> bool:
    if before is None or event_type == OrderSubmitted.TYPE:
        return before is None and event_type == OrderSubmitted.TYPE and after is State.SUBMITTED
    action = ACTION_OF_EVENT.get(event_type)
    transition = TRANSITIONS.get((before, action)) if action else None
    if transition is None:
        return False
    if after is State.CANCELLED and action in CANCELS_PIECES:
        return True
    return after is transition.leads_to or (after is State.CLOSED and action in _MAY_CLOSE)
