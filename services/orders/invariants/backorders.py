"""Invariants of backorders: the queue has every order that waits for stock, and grants are within shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from contracts.catalog import ProductItem
from contracts.orders import (
    OrderBackordersFilled,
    OrderPiecesMissing,
    OrderReservationExpired,
    OrderReservationExtended,
)
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.messaging.events import Envelope
from services.orders.allocation.items import AllocationRunItem, GrantItem, allocation_run_key
from services.orders.invariants.loading import all_orders
from services.orders.order.backorder_entry import BackorderCountItem, BackorderItem, backorders_pk
from services.orders.order.items import HeaderItem, priority_sort_key
from services.orders.order.rules import backordered_by_sku_index
from services.orders.vocabulary import State

_DECIDED = frozenset({State.IN_REVIEW, State.CONFIRMED})
_RESERVATION_ENDS = (OrderReservationExpired.TYPE, OrderReservationExtended.TYPE, OrderPiecesMissing.TYPE)


def backordered_orders_are_in_the_queue(snapshot: Snapshot) -> Iterator[Finding]:
    """Find orders that wait for stock and are not in the backorder queue with all they wait for, and the reverse.

    An order waits while pieces are backordered and its shortage policy is to wait. It stops waiting when its
    reservation expires, until that is extended, or pieces that were reserved since are missing.
    """
    entries = {(item.pk, item.sk): item for item in snapshot.items(BackorderItem)}
    for order in snapshot.cached(all_orders):
        header, since = order.header, order.header.backordered_since
        waits = order.state in _DECIDED and bool(header.backordered) and order.shortage_policy.waits_for_stock
        if bool(since) != (waits and not _is_expired(snapshot.history.get(header.order_id, []))):
            detail = f"{order.state}, {header.backordered} backordered, since {since}"
            yield Finding("backorder-since", header.order_id, detail)
        if not since:
            continue
        key = backorders_pk(header.warehouse), priority_sort_key(bool(header.urgent), since, header.order_id)
        entry = entries.pop(key, None)
        wanted = backordered_by_sku_index(order.demands, order.progress)
        if entry is None or (entry.by_sku_index != wanted and not header.steps):
            queued = f"queued for {entry.by_sku_index}" if entry else "not in the queue"
            yield Finding("backorder-entry", header.order_id, f"{queued}, waits for {wanted}")
    for pk, sk in sorted(entries):
        yield Finding("backorder-entry", f"{pk} {sk}", "no order waits there")


def backorder_counts_are_queue_lengths(snapshot: Snapshot) -> Iterator[Finding]:
    """Find warehouses whose counter of backorders is not the length of the backorder queue."""
    queued = Counter(entry.pk for entry in snapshot.items(BackorderItem))
    counted = Counter({item.pk: item.orders for item in snapshot.items(BackorderCountItem)})
    for pk in sorted(queued.keys() | counted.keys()):
        if queued[pk] != counted[pk]:
            yield Finding("backorder-count", pk, f"counter {counted[pk]}, queue length {queued[pk]}")


def grants_are_published(snapshot: Snapshot) -> Iterator[Finding]:
    """Find orders whose grants have other pieces in sum than the events that filled their backorders."""
    granted: Counter[str] = Counter()
    for item in snapshot.items(GrantItem):
        granted[item.order_id] += sum(pieces for _, pieces, _ in item.grants)
    filled: Counter[str] = Counter()
    for message in snapshot.events_of_type(OrderBackordersFilled.TYPE):
        filled[message.subject] += message.data["filled"]
    for order_id in sorted(granted.keys() | filled.keys()):
        if granted[order_id] != filled[order_id]:
            yield Finding("grant-event", order_id, f"{granted[order_id]} granted, {filled[order_id]} in its events")


def grants_are_within_shares(snapshot: Snapshot) -> Iterator[Finding]:
    """Find grants above the share that the allocation run recorded for the order beforehand."""
    shares = {(run.pk, run.sk): run.shares for run in snapshot.items(AllocationRunItem)}
    sku_indexes = {product.sku: str(product.sku_index) for product in snapshot.items(ProductItem)}
    warehouses = {header.order_id: header.warehouse for header in snapshot.items(HeaderItem)}
    for item in snapshot.items(GrantItem):
        run = allocation_run_key(warehouses.get(item.order_id, ""), item.run)
        share = shares.get(run, {}).get(item.order_id, {})
        for sku, pieces, _ in item.grants:
            most = share.get(sku_indexes.get(sku, ""), {}).get("pieces", 0)
            if pieces > most:
                detail = f"{pieces} granted in {item.run}, its share is {most}"
                yield Finding("grant-share", f"{item.order_id} {sku}", detail)


def run_out_products_are_not_backordered(snapshot: Snapshot) -> Iterator[Finding]:
    """Find decided orders with backordered pieces of run-out products; there may be some between steps of a change."""
    for order in snapshot.cached(all_orders):
        if not order.run_out or order.header.undecided or order.header.steps:
            continue
        wanted = backordered_by_sku_index(order.demands, order.progress)
        for sku_index in sorted(wanted.keys() & order.run_out):
            detail = f"{wanted[sku_index]} pieces of SKU index {sku_index}"
            yield Finding("run-out-backordered", order.header.order_id, detail)


ALWAYS = (
    run_out_products_are_not_backordered,
    backordered_orders_are_in_the_queue,
    backorder_counts_are_queue_lengths,
    grants_are_published,
    grants_are_within_shares,
)


def _is_expired(history: Iterable[Envelope]) -> bool:
    """Return whether the reservation expired, and the order did not enter the queue again since."""
    ends = [message.type for message in history if message.type in _RESERVATION_ENDS]
    return bool(ends) and ends[-1] == OrderReservationExpired.TYPE
