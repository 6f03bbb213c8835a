"""Nothing waits for ever: orders nobody decided are decided, urgent ones reported, holds nobody used given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from contracts.orders import OrderOverdue, OrderReservationExpired, OrderReservationExpiring
from kernel.base import observability
from kernel.messaging.outbox import Command
from kernel.store.table import Transaction
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.commands.allocate_backorders import allocate_backorders
from services.orders.commands.release_stock import free, release_all_but_last_step
from services.orders.commands.renew_promises import announce_slip, has_slipped, renew_promises
from services.orders.commands.reserve_stock import reserve_stock
from services.orders.domain import Hold, State, return_to_backorder
from services.orders.table.changes import change_order
from services.orders.table.orders import RESERVE_QUEUE, HeaderItem, orders_in_state
from services.orders.table.reading import load_order
from services.orders.terms import WARNING, urgent_due
from services.orders.views import event_fields

#: An order that waits longer than this for its stock to be decided was forgotten by its queue.
_FORGOTTEN = timedelta(minutes=2)


def sweep_orders() -> None:
    """Look through the orders that wait. What fails is logged and counted, comes again at the next run, and does not
    keep the others from their turn."""
    forgotten = clock.stamp(clock.now() - _FORGOTTEN)
    for header in orders_in_state(State.SUBMITTED):
        if header.submitted_at < forgotten:
            _attempt(header.order_id, partial(reserve_stock, warehouse=header.warehouse))
    lines = set()
    for state in (State.IN_REVIEW, State.CONFIRMED):
        for header in orders_in_state(state):
            _attempt_if_due(header)
            if header.backordered_since:
                lines.add(header.warehouse)
    for warehouse in sorted(lines):
        # Whoever came too late for the message that announced the goods.
        _attempt(warehouse, lambda at: allocate_backorders(at, f"sweep {clock.stamp()}"))
        # What is expected may be overdue.
        _attempt(warehouse, renew_promises)


def _attempt_if_due(header: HeaderItem) -> None:
    now = clock.now()
    if _is_overdue(header):
        _attempt(header.order_id, _report_overdue)
    if has_slipped(header):
        _attempt(header.order_id, announce_slip)
    if header.reserved_until and header.reserved:
        if clock.parse_stamp(header.reserved_until) <= now:
            _attempt(header.order_id, _expire)
        elif not header.warned and clock.parse_stamp(header.reserved_until) - WARNING <= now:
            _attempt(header.order_id, _warn)


def _attempt(subject: str, act: Callable[[str], None]) -> None:
    try:
        act(subject)
    except Exception:
        observability.logger().exception("sweep failed", subject=subject)
        observability.count("SweepFailed")


def _is_overdue(header: HeaderItem) -> bool:
    if not header.urgent or header.overdue or header.state != State.IN_REVIEW or not header.visible_at:
        return False
    return urgent_due(clock.parse_stamp(header.visible_at), CHINA) <= clock.now()


def _report_overdue(order_id: str) -> None:
    order = load_order(order_id)
    header = order.header
    if not _is_overdue(header):
        return
    due = clock.stamp(urgent_due(clock.parse_stamp(str(header.visible_at)), CHINA))
    transaction = Transaction()
    change_order(
        transaction, order, event=OrderOverdue(**event_fields(header, order.state, by=""), due_at=due), overdue=True
    )
    transaction.commit()
    observability.count("UrgentOverdue")


def _warn(order_id: str) -> None:
    order = load_order(order_id)
    header = order.header
    if header.warned or not header.reserved_until or not header.reserved:
        return
    facts = event_fields(header, order.state, by="")
    event = OrderReservationExpiring(**facts, reserved_until=header.reserved_until, reserved=header.reserved)
    transaction = Transaction()
    change_order(transaction, order, event=event, warned=True)
    transaction.commit()


def _expire(order_id: str) -> None:
    """Give back what is held, more buckets than one transaction can change in recorded parts. The order loses its place
    in line with it, until somebody renews it: else it would take back at once what it gave."""
    order = load_order(order_id)
    header = order.header
    if not header.reserved_until or clock.parse_stamp(header.reserved_until) > clock.now():
        return
    released = header.reserved
    order, last = release_all_but_last_step(order)
    transaction = Transaction()
    free(transaction, order, last)
    change_order(
        transaction,
        order,
        event=OrderReservationExpired(**event_fields(header, order.state, by=""), released=released),
        progress=return_to_backorder(order.demands, order.progress, last),
        command=Command(RESERVE_QUEUE, header.warehouse),
        holds=sorted(order.holds | {Hold.STOCK}) if order.state is State.IN_REVIEW else sorted(order.holds),
        reserved_until=None,
        promised_on=None,
        warned=None,
        backordered_since=None,
    )
    transaction.commit()
