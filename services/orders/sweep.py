"""Sweep open orders: decide forgotten ones, release covered credit holds, warn, expire, report, settle, renew dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from kernel.base import observability
from kernel.time import clock
from kernel.time.holidays import CHINA, WARNING_DAYS
from reads.warehouses import known_warehouses
from services.orders.allocation.allocate_backorders import allocate_backorders
from services.orders.order.items import HeaderItem, orders_in_state
from services.orders.promises.announce_slip import announce_slip, misses_promised_day
from services.orders.promises.renew_promises import renew_promises
from services.orders.reservation.expire_reservation import expire_reservation, warn_of_expiry
from services.orders.review.release_credit_hold import release_covered_credit_hold
from services.orders.review.report_overdue import is_overdue, report_overdue
from services.orders.service_terms import reservation_warning_time
from services.orders.settlement.settle_shortage import settle_shortage
from services.orders.shortages.items import open_shortages
from services.orders.vocabulary import State
from services.orders.warehouse_queue import decide_stock_of_order

#: An order that is still undecided after this time was lost by its queue.
_FORGOTTEN = timedelta(minutes=2)


def sweep_orders() -> None:
    """Do what is due for open orders and backorder queues.

    A failure is logged, counted and tried again by the next run. It does not keep the other orders from their turn.
    """
    if CHINA.days_known(clock.business_date(clock.now())) < WARNING_DAYS:
        observability.count("CalendarEnding")
    forgotten = clock.stamp(clock.now() - _FORGOTTEN)
    for header in orders_in_state(State.SUBMITTED):
        if header.submitted_at < forgotten:
            _attempt(header.order_id, partial(decide_stock_of_order, warehouse=header.warehouse))
    with_backorders = set()
    for state in (State.IN_REVIEW, State.CONFIRMED):
        for header in orders_in_state(state):
            _attempt_if_due(header)
            if header.is_on_credit_hold:
                _attempt(header.order_id, partial(_release_covered, header))
            elif header.awaits_reservation and header.wants_stock_since < forgotten:
                _attempt(header.order_id, partial(decide_stock_of_order, warehouse=header.warehouse))
            if header.backordered_since:
                with_backorders.add(header.warehouse)
    # The message of the count that opened it may be among the dead letters.
    for shortage in open_shortages(known_warehouses()):
        if shortage.since < forgotten:
            with_backorders.add(shortage.warehouse)
            _attempt(shortage.warehouse, settle_shortage)
    for warehouse in sorted(with_backorders):
        # An order may have been backordered after the message that announced the stock.
        _attempt(warehouse, lambda at: allocate_backorders(at, f"sweep {clock.stamp()}"))
        # A delivery may be overdue: only time changes then.
        _attempt(warehouse, renew_promises)


def _release_covered(header: HeaderItem, _: str) -> None:
    release_covered_credit_hold(header)


def _attempt_if_due(header: HeaderItem) -> None:
    now = clock.now()
    if is_overdue(header):
        _attempt(header.order_id, report_overdue)
    if misses_promised_day(header):
        _attempt(header.order_id, announce_slip)
    if header.reserved_until and header.reserved:
        if clock.parse_stamp(header.reserved_until) <= now:
            _attempt(header.order_id, expire_reservation)
        elif not header.warned and reservation_warning_time(clock.parse_stamp(header.reserved_until), CHINA) <= now:
            _attempt(header.order_id, warn_of_expiry)


def _attempt(subject: str, act: Callable[[str], None]) -> None:
    try:
        act(subject)
    except Exception:
        observability.logger().exception("sweep failed", subject=subject)
        observability.count("SweepFailed")
