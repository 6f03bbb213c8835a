"""Renew the promise dates of a backorder queue."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.base import observability
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.allocation.items import waiting_order_from_entry
from services.orders.inbound.deliveries import expected_deliveries, inbound_by_sku_index
from services.orders.order.backorder_entry import BackorderItem, backorders_of, load_promise_dates_by_sku_index
from services.orders.order.change_order import change_order
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.order.rules import backordered_by_sku_index
from services.orders.promises.events import promise_event, promises_with_changed_day
from services.orders.promises.rules import promise_dates_by_order
from services.orders.stock.buckets import available_pieces

#: Orders renewed in one run. The sweep renews the rest.
_MOST = 100


def renew_promises(warehouse: str) -> None:
    """Renew the promise dates of a backorder queue, and publish those that changed.

    Dates follow from the stock and the deliveries as they are now, so a repeat changes nothing. An order that others
    change meanwhile is left to them, or to the sweep.
    """
    queue = backorders_of(warehouse)
    if not queue:
        return
    sku_indexes = {sku_index for entry in queue for sku_index in entry.by_sku_index}
    expected = inbound_by_sku_index(expected_deliveries(warehouse))
    available = available_pieces(warehouse, sku_indexes)
    days = promise_dates_by_order(
        [waiting_order_from_entry(entry) for entry in queue], available, expected, clock.now(), CHINA
    )
    changed = [entry for entry in queue if days[entry.order_id] != entry.days]
    for entry in changed[:_MOST]:
        _renew_order(entry, days[entry.order_id])


def _renew_order(entry: BackorderItem, days: Mapping[int, str]) -> None:
    """Write new promise dates of an order, unless the order or its dates changed since `entry` was read.

    A newer change knew more, so older knowledge must not overwrite it.
    """
    order = load_order(entry.order_id)
    stored = load_promise_dates_by_sku_index(order.header)
    as_read = backordered_by_sku_index(order.demands, order.progress) == entry.by_sku_index and stored == entry.days
    if not order.header.backordered_since or not as_read:
        return
    backordered_lines = {
        line.line_no: line.sku_index
        for line, line_progress in zip(order.lines, order.progress, strict=True)
        if line_progress.backordered
    }
    moved = promises_with_changed_day(
        {number: stored.get(sku_index) for number, sku_index in backordered_lines.items()},
        {number: days.get(sku_index) for number, sku_index in backordered_lines.items()},
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
        observability.logger().info("promise left to whoever changed the order", order_id=entry.order_id)
