"""Handle the queue of a warehouse: its commands, one after the other."""

from __future__ import annotations

from contracts.orders import OrderHoldReleased, OrderSubmitted
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.orders.allocation.allocate_backorders import allocate_backorders, allocate_to_backorders_ahead
from services.orders.order.items import Order
from services.orders.order.load_order import load_order_and_backorder_count
from services.orders.promises.renew_promises import renew_promises
from services.orders.reservation.place_credit_hold import accept_on_credit_hold
from services.orders.reservation.reserve_order import HomeIsShort, known_pieces, reserve_order
from services.orders.settlement.settle_shortage import settle_shortage
from services.orders.sourcing.source_order import source_order
from services.orders.vocabulary import State

#: An order asks for its stock when it is submitted, and again when its credit hold is released.
_ASKS_FOR_STOCK = frozenset({OrderSubmitted.TYPE, OrderHoldReleased.TYPE})

#: Most loadings of an order that other commands change while its stock is decided.
_ATTEMPTS = 10


def handle(message: Envelope) -> None:
    """Reserve an order that asks for stock, or allocate what became available. A second delivery finds the work done.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    if message.type in _ASKS_FOR_STOCK:
        decide_stock_of_order(message.subject, message.data["warehouse"])
    else:
        allocate_backorders_and_renew_promises(message.data["warehouse"], message.id)


def decide_stock_of_order(order_id: str, warehouse: str) -> None:
    """Decide the stock of an order: backorders ahead of it first, then the order, then promise dates.

    An order that was submitted beyond the credit limit goes to review on credit hold, without stock.
    Promise dates are renewed when the order waits, was moved to another warehouse, or wants a SKU that others wait for.
    If a crash comes first, the sweep renews them.

    Raises:
        StockKeepsChanging: to have the message delivered again.
        Busy: the order kept changing; the message is delivered again.
    """
    retry_on_conflict(
        _ATTEMPTS, lambda: _decide_order_as_loaded(order_id, warehouse), retry_if=lambda refused: "order" in refused
    )


def _decide_order_as_loaded(order_id: str, warehouse: str) -> None:
    order, backorders = load_order_and_backorder_count(order_id, warehouse)
    if order.state is State.SUBMITTED and order.header.is_on_credit_hold:
        accept_on_credit_hold(order)
        _measure_visibility(order)
        return
    if not order.header.awaits_reservation:
        return
    contested = backorders > 0 and allocate_to_backorders_ahead(order)
    try:
        # The warehouse of an approved order knows of it already, so it stays there.
        decided = reserve_order(order, known_pieces(order), may_move=order.state is not State.CONFIRMED)
    except HomeIsShort as short:
        decided = reserve_order(*source_order(order, short.available))
    _measure_visibility(order)
    if contested or decided.header.backordered_since or decided.header.sourcing:
        renew_promises(decided.header.warehouse)


def _measure_visibility(order: Order) -> None:
    """Record the seconds from submit to the review queue, if the order has just entered it."""
    if order.state is State.SUBMITTED:
        waited = clock.now() - clock.parse_stamp(order.header.submitted_at)
        observability.record_duration("SubmitToVisible", waited.total_seconds())


def allocate_backorders_and_renew_promises(warehouse: str, run_id: str) -> None:
    """Allocate what is available to the backorder queue of a warehouse, then renew its promise dates.

    Before that, orders lose reserved pieces that are missing.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    settle_shortage(warehouse)
    allocate_backorders(warehouse, run_id)
    renew_promises(warehouse)
