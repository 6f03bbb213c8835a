"""Reserve stock for an order: when it is submitted, which moves it to the review queue, or after a credit hold."""

from __future__ import annotations

from typing import Any

from contracts.orders import OrderReserved
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.order.change_order import change_order, record_partial_progress
from services.orders.order.items import Order
from services.orders.order.lifecycle import TRANSITIONS, Action
from services.orders.order.rules import Progress
from services.orders.reservation.rules import (
    ReservationStep,
    needs_everything_in_several_transactions,
    next_reservation_step,
)
from services.orders.run_out import cut_run_out
from services.orders.service_terms import reservation_end_stamp
from services.orders.ship_days import ship_day
from services.orders.stock.buckets import StockKeepsChanging, available_in_refused_buckets, available_pieces
from services.orders.stock.move_stock import MovementCause, move_stock
from services.orders.vocabulary import Hold, Pieces, State

#: Most transactions of one reservation. The largest order has 50 parts. Each refused one lowers what is asked for.
_ROUNDS = 75


class HomeIsShort(Exception):
    """The order's warehouse is short and nothing is reserved yet, so another warehouse may serve the order.

    `available`: pieces by SKU index in the buckets that refused.
    """

    def __init__(self, available: Pieces) -> None:
        super().__init__("home is short")
        self.available = available


def known_pieces(order: Order) -> dict[int, int]:
    """Load the available pieces by SKU index of an order that needs all of many buckets; of others none.

    It then reserves nothing that it would return when a later bucket is short.
    """
    if not needs_everything_in_several_transactions(order):
        return {}
    return available_pieces(order.header.warehouse, [demand.sku_index for demand in order.demands])


def reserve_order(order: Order, known: Pieces, *, may_move: bool = False) -> Order:
    """Decide the stock of an order; a submitted one moves to the review queue.

    One transaction reserves an order of up to BUCKETS_PER_TRANSACTION buckets. A larger order takes several recorded
    steps, and a repeat continues after the last one.

    Args:
        known: available pieces by SKU index in its warehouse, as far as they are known.
        may_move: another warehouse may serve the order when its own is short.

    Returns:
        The order as decided.

    Raises:
        HomeIsShort: a warehouse is to be chosen, as it `may_move`.
        TransactionRefused: with the label "order" if the order was changed since it was loaded.
        StockKeepsChanging: others take the same stock all the time.
    """
    known = dict(known)
    for _ in range(_ROUNDS):
        step = next_reservation_step(order, known)
        try:
            after = _write(order, step)
        except TransactionRefused as refused:
            found = available_in_refused_buckets(refused)
            if "order" in refused or not found:
                raise
            if may_move and step.last and not order.header.steps:
                raise HomeIsShort(found) from None
            known |= found
            continue
        if step.last:
            return after
        order = after
    raise StockKeepsChanging


def _write(order: Order, step: ReservationStep) -> Order:
    transaction = Transaction()
    after = (
        _finish(transaction, order, step.progress)
        if step.last
        else record_partial_progress(transaction, order, step.progress)
    )
    move_stock(transaction, step.move, order.header.warehouse, step.pieces, MovementCause(order.next_step))
    transaction.commit()
    return after


def _finish(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> Order:
    header = order.header
    cut = cut_run_out(transaction, order, progress)
    progress = cut.progress
    reserved, backordered = cut.totals.reserved, cut.totals.backordered
    stage = TRANSITIONS[order.state, Action.RESERVE].leads_to
    # The shortage of an approved order whose credit hold was released needs no second review.
    holds = sorted(order.holds | ({Hold.STOCK} if backordered and stage is State.IN_REVIEW else set()))
    now = clock.now()
    changes: dict[str, Any] = {"visible_at": header.visible_at or clock.stamp(), "holds": holds}
    if reserved:
        changes["promised_on"] = ship_day(now, CHINA)
        changes["reserved_until"] = reservation_end_stamp(stage, header.grade, now)
    if backordered and order.shortage_policy.waits_for_stock:
        changes["backordered_since"] = header.backordered_since or header.wants_stock_since
    if not cut.has_open_pieces:
        changes |= {"holds": [], "decided_at": header.decided_at or clock.stamp()}
    if header.sourcing:
        changes |= {"warehouse": header.warehouse, "sourcing": header.sourcing}
    facts = {
        "reserved": reserved,
        "backordered": backordered,
        "holds": tuple(changes["holds"]),
        "promised_on": changes.get("promised_on"),
        "backordered_lines": tuple(
            number for number, line_progress in enumerate(progress, 1) if line_progress.backordered
        )
        or None,
        **cut.facts,
    }
    return change_order(
        transaction, order, Action.RESERVE, OrderReserved, facts=facts, progress=progress, **changes
    ).order
