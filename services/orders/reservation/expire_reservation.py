"""Warn of and expire unused reservations."""

from __future__ import annotations

from typing import Any

from contracts.orders import OrderReservationExpired, OrderReservationExpiring
from kernel.messaging.outbox import Command
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.order.change_order import change_order
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.order.rules import turn_reserved_into_backordered
from services.orders.reservation.release_stock import release_reserved, release_what_exceeds_one_transaction
from services.orders.run_out import cut_run_out
from services.orders.vocabulary import RESERVE_QUEUE, Hold, State


def warn_of_expiry(order_id: str) -> None:
    """Publish that a reservation expires soon, once per reservation."""
    order = load_order(order_id)
    header = order.header
    if header.warned or not header.reserved_until or not header.reserved:
        return
    facts = {"reserved_until": header.reserved_until, "reserved": header.reserved}
    transaction = Transaction()
    change_order(transaction, order, Action.WARN_OF_EXPIRY, OrderReservationExpiring, facts=facts, warned=True)
    transaction.commit()


def expire_reservation(order_id: str) -> None:
    """Release what is reserved for an order whose reservation time is over.

    The order also leaves the backorder queue until its reservation is extended. Otherwise it would take back at
    once what it released. Pieces of run-out products are cancelled. Stock in many buckets is released in recorded
    steps.
    """
    order = load_order(order_id)
    header = order.header
    if not header.reserved_until or clock.parse_stamp(header.reserved_until) > clock.now():
        return
    released = header.reserved
    order, last = release_what_exceeds_one_transaction(order)
    transaction = Transaction()
    release_reserved(transaction, order, last)
    cut = cut_run_out(transaction, order, turn_reserved_into_backordered(order.demands, order.progress, last))
    holds = set(order.holds)
    if order.state is State.IN_REVIEW and any(line_progress.backordered for line_progress in cut.progress):
        holds.add(Hold.STOCK)
    ended: dict[str, Any] = {} if cut.has_open_pieces else {"decided_at": header.decided_at or clock.stamp()}
    change_order(
        transaction,
        order,
        Action.EXPIRE_RESERVATION,
        OrderReservationExpired,
        facts={"released": released, **cut.facts},
        progress=cut.progress,
        command=Command(RESERVE_QUEUE, header.warehouse),
        holds=sorted(holds) if cut.has_open_pieces else [],
        reserved_until=None,
        promised_on=None,
        warned=None,
        backordered_since=None,
        **ended,
    )
    transaction.commit()
