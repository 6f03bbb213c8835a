"""Extend a reservation."""

from __future__ import annotations

from contracts.orders import OrderReservationExtended
from kernel.base.problems import Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import Command
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.credit.load_dealer_credit import load_own_order_and_dealer_credit
from services.orders.credit.obstacles import order_credit
from services.orders.credit.possible_actions import may_extend
from services.orders.credit.refusals import require_no_obstacle
from services.orders.order.api import OrderSummary, ReasonRequest
from services.orders.order.change_order import commit_change
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.service_terms import reservation_end_stamp
from services.orders.vocabulary import RESERVE_QUEUE


def extend_reservation(caller: Principal, order_id: str, request: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    """Extend the reservation as if the order had reached its state just now.

    Pieces whose reservation expired are backordered again, at the end of the queue.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
        Refusal: the order is not in review or confirmed, nothing is reserved or backordered, or dealer or credit stop
            it.
    """
    order, dealer_credit = load_own_order_and_dealer_credit(caller, order_id)
    require_allowed(Action.EXTEND_RESERVATION, order.state, caller.roles)
    require_no_obstacle(Action.EXTEND_RESERVATION, order_credit(order), dealer_credit)
    header = order.header
    until = reservation_end_stamp(order.state, header.grade, clock.now()) if header.reserved else None
    since = header.backordered_since
    if header.backordered and not since and order.shortage_policy.waits_for_stock:
        since = clock.stamp()
    if not may_extend(order):
        raise Refusal(
            "nothing-to-extend",
            "没有可续期的预留 / nothing is reserved or backordered; approve or cancel the order",
        )
    return commit_change(
        Transaction(),
        order,
        Action.EXTEND_RESERVATION,
        OrderReservationExtended,
        key,
        by=caller.name,
        facts={"reserved_until": until, "backordered_since": since, "reason": request.reason},
        command=Command(RESERVE_QUEUE, header.warehouse),
        reserved_until=until,
        warned=None,
        backordered_since=since,
    )
