"""Renew the promise dates of a backorder queue."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.base import observability
from kernel.store.table import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.allocation.items import waiting_order_of
from services.orders.inbound.deliveries import expected_deliveries, inbound_by_sku_index
from services.orders.order.backorder_entry import BackorderItem, backorders_of, promised_backorder_days
from services.orders.order.change_order import change_order
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.order.rules import backordered_by_sku_index
from services.orders.promises.events import moved_promises, promise_event
from services.orders.promises.rules import promise_days_of
from services.orders.stock.buckets import available_pieces

#: Orders told in one go; the sweep goes on with the others.
_MOST = 100


def renew_promises(warehouse: str) -> None:
    """Tell the orders that wait for goods in a warehouse when their pieces leave, those for which that has changed.

    It goes by what is there and expected now, so a repeat finds nothing to tell. An order that is changed meanwhile is
    left to whoever changed it, or to the sweep.
    """
    line = backorders_of(warehouse)
    if not line:
        return
    sku_indexes = {sku_index for place in line for sku_index in place.by_sku_index}
    expected = inbound_by_sku_index(expected_deliveries(warehouse))
    there = available_pieces(warehouse, sku_indexes)
    days = promise_days_of([waiting_order_of(place) for place in line], there, expected, clock.now(), CHINA)
    changed = [place for place in line if days[place.order_id] != place.days]
    for place in changed[:_MOST]:
        _renew_order(place, days[place.order_id])


def _renew_order(place: BackorderItem, days: Mapping[int, str]) -> None:
    """Tell an order its days, unless it or what it was told is no longer as `place` was read: then whoever changed that
    knew better, and older knowledge must not take it back."""
    order = load_order(place.order_id)
    told = promised_backorder_days(order.header)
    as_read = backordered_by_sku_index(order.demands, order.progress) == place.by_sku_index and told == place.days
    if not order.header.backordered_since or not as_read:
        return
    waiting = {
        line.line_no: line.sku_index
        for line, so_far in zip(order.lines, order.progress, strict=True)
        if so_far.backordered
    }
    moved = moved_promises(
        {number: told.get(sku_index) for number, sku_index in waiting.items()},
        {number: days.get(sku_index) for number, sku_index in waiting.items()},
        reserved=False,
    )
    if not moved:
        return
    transaction = Transaction()
    event, facts = promise_event(moved)
    change_order(transaction, order, Action.CHANGE_PROMISE, event, facts=facts, promised=days)
    try:
        transaction.commit()
    except TransactionRefused:
        observability.logger().info("promise left to whoever changed the order", order_id=place.order_id)
