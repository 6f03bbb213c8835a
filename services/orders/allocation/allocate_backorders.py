"""Allocate available stock to the backorder queue of a warehouse, in recorded runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from contracts.stock import SKUS_PER_BUCKET
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.allocation.grant_share import grant_share
from services.orders.allocation.items import AllocationRunItem, allocation_run_key, waiting_order_from_entry
from services.orders.allocation.load_allocation_rule import load_allocation_rule
from services.orders.allocation.rules import Grant, allocate_supply
from services.orders.order.backorder_entry import BackorderItem, backorders_of
from services.orders.order.items import Order, priority_sort_key
from services.orders.order.rules import split_to_fit_transactions
from services.orders.stock.buckets import available_pieces

#: Backordered SKUs, over all orders, in one run. Their shares stay well below the 400 KB of an item.
_MOST_SHARES = 8_000


def allocate_backorders(warehouse: str, run_id: str) -> None:
    """Allocate what is available in a warehouse to its backorder queue. Without backorders nothing happens.

    All shares are recorded before the first order gets any. A repeat after a crash continues with the same shares.

    Args:
        run_id: name of the allocation run and of its repeats.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    run = fetch_one(AllocationRunItem, allocation_run_key(warehouse, run_id)) or _new_run(warehouse, run_id)
    if run is None:
        return
    for order_id, sku_indexes in run.shares.items():
        shares = {int(sku_index): share for sku_index, share in sku_indexes.items()}
        for part in split_to_fit_transactions(shares, SKUS_PER_BUCKET):
            grant_share(
                order_id,
                run,
                {sku_index: shares[sku_index] for sku_index in sorted(part)},
                granted_by_run=shares.keys(),
            )


def allocate_to_backorders_ahead(order: Order) -> bool:
    """Allocate stock that came in meanwhile to the backorders ahead of an undecided order.

    Returns:
        Whether any backorder, ahead or behind, waits for the same SKUs, so that its promise dates may change.
    """
    header = order.header
    queue_position = priority_sort_key(bool(header.urgent), header.wants_stock_since, header.order_id)
    own = {demand.sku_index for demand in order.demands}
    wanted = {entry.sk: own & entry.by_sku_index.keys() for entry in backorders_of(header.warehouse)}
    contested = {sku_index for sk, sku_indexes in wanted.items() if sk < queue_position for sku_index in sku_indexes}
    if contested and max(available_pieces(header.warehouse, contested).values()) > 0:
        allocate_backorders(header.warehouse, f"before {header.order_id}")
    return any(wanted.values())


def _new_run(warehouse: str, run_id: str) -> AllocationRunItem | None:
    queue = _first_waiting(backorders_of(warehouse))
    available = (
        available_pieces(warehouse, {sku_index for entry in queue for sku_index in entry.by_sku_index}) if queue else {}
    )
    supply = {sku_index: pieces for sku_index, pieces in available.items() if pieces > 0}
    if not supply:
        return None
    rule = load_allocation_rule(warehouse)
    shares = allocate_supply(rule.rule, rule.settings, supply, [waiting_order_from_entry(entry) for entry in queue])
    if not shares:
        return None
    run = AllocationRunItem(
        *allocation_run_key(warehouse, run_id),
        made_at=clock.stamp(),
        rule=rule.rule,
        rule_version=rule.version,
        shares={
            order_id: {str(sku_index): _stored_grant(grant) for sku_index, grant in sku_indexes.items()}
            for order_id, sku_indexes in shares.items()
        },
    )
    transaction = Transaction()
    transaction.create(run, "allocation")
    try:
        transaction.commit()
    except TransactionRefused:
        return fetch_one(AllocationRunItem, allocation_run_key(warehouse, run_id))
    return run


def _first_waiting(queue: Sequence[BackorderItem]) -> list[BackorderItem]:
    """Return as much of the queue, from its head, as the record of one run can hold. The sweep does the rest."""
    running_total = accumulate(len(entry.by_sku_index) for entry in queue)
    return [entry for entry, total in zip(queue, running_total, strict=True) if total <= _MOST_SHARES]


def _stored_grant(grant: Grant) -> dict[str, Any]:
    return {"pieces": grant.pieces, "reason": grant.reason._asdict()}
