"""Allocate available stock to the backorder queue of a warehouse, in recorded runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import accumulate
from typing import Any

from contracts.orders import OrderBackordersFilled
from contracts.stock import SKUS_PER_BUCKET
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.allocation.items import (
    AllocationRunItem,
    GrantItem,
    allocation_run_key,
    grant_key,
    waiting_order_of,
)
from services.orders.allocation.publish_allocation_rule import load_allocation_rule
from services.orders.allocation.rules import Grant, allocate_supply
from services.orders.order.backorder_entry import BackorderItem, backorders_of, promised_backorder_days
from services.orders.order.change_order import change_order
from services.orders.order.items import HeaderItem, Order, priority_sort_key
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.order.rules import backordered_by_sku_index, fill_backorders, split_by_transaction
from services.orders.service_terms import reserved_until
from services.orders.ship_days import earliest_day, ship_day
from services.orders.stock.buckets import StockKeepsChanging, available_by_sku_index, available_pieces, refused_buckets
from services.orders.stock.move_stock import MovementCause, move_stock
from services.orders.stock.rules import Move
from services.orders.vocabulary import Hold

#: Each refused round lowers the grant to what is available. Others may take some meanwhile.
_ROUNDS = 25


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
        for part in split_by_transaction(shares, SKUS_PER_BUCKET):
            _grant_order(
                order_id,
                run,
                {sku_index: shares[sku_index] for sku_index in sorted(part)},
                granted_by_run=shares.keys(),
            )


def allocate_to_earlier_orders(order: Order) -> bool:
    """Allocate stock that came in meanwhile to the backorders ahead of an undecided order.

    Returns:
        Whether any backorder, ahead or behind, waits for the same SKUs, so that its promise dates may change.
    """
    header = order.header
    queue_position = priority_sort_key(bool(header.urgent), header.submitted_at, header.order_id)
    own = {demand.sku_index for demand in order.demands}
    wanted = {entry.sk: own & entry.by_sku_index.keys() for entry in backorders_of(header.warehouse)}
    contested = {sku_index for sk, sku_indexes in wanted.items() if sk < queue_position for sku_index in sku_indexes}
    if contested and any(available_pieces(header.warehouse, contested).values()):
        allocate_backorders(header.warehouse, f"before {header.order_id}")
    return any(wanted.values())


def _new_run(warehouse: str, run_id: str) -> AllocationRunItem | None:
    queue = _first_waiting(backorders_of(warehouse))
    available = (
        available_pieces(warehouse, {sku_index for entry in queue for sku_index in entry.by_sku_index}) if queue else {}
    )
    supply = {sku_index: pieces for sku_index, pieces in available.items() if pieces}
    if not supply:
        return None
    rule = load_allocation_rule(warehouse)
    shares = allocate_supply(rule.rule, rule.settings, supply, [waiting_order_of(entry) for entry in queue])
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
    backordered = accumulate(len(entry.by_sku_index) for entry in queue)
    return [entry for entry, line_progress in zip(queue, backordered, strict=True) if line_progress <= _MOST_SHARES]


def _stored_grant(grant: Grant) -> dict[str, Any]:
    return {"pieces": grant.pieces, "reason": grant.reason._asdict()}


def _grant_order(
    order_id: str, run: AllocationRunItem, shares: Mapping[int, dict[str, Any]], *, granted_by_run: Set[int]
) -> None:
    """Reserve one part of an order's share, once; less if the order waits for less by now, or others took some.

    Args:
        granted_by_run: all SKU indexes the run gives the order. An order that needs everything must get all parts.
    """
    granted = {sku_index: int(share["pieces"]) for sku_index, share in shares.items()}
    for _ in range(_ROUNDS):
        order = load_order(order_id)
        backordered = backordered_by_sku_index(order.demands, order.progress) if order.header.backordered_since else {}
        granted = {sku_index: min(pieces, backordered.get(sku_index, 0)) for sku_index, pieces in granted.items()}
        if not any(granted.values()):
            return
        whole = backordered.keys() <= granted_by_run and all(
            pieces == backordered.get(sku_index, 0) for sku_index, pieces in granted.items()
        )
        if not (whole or order.shortage_policy.accepts_partial):
            return
        try:
            _reserve_grant(order, run, shares, granted)
        except TransactionRefused as refused:
            if "grant" in refused:
                return
            available = available_by_sku_index(refused_buckets(refused), granted)
            granted = {
                sku_index: min(pieces, available.get(sku_index, pieces)) for sku_index, pieces in granted.items()
            }
            continue
        return
    raise StockKeepsChanging


def _reserve_grant(
    order: Order, run: AllocationRunItem, shares: Mapping[int, dict[str, Any]], granted: Mapping[int, int]
) -> None:
    header = order.header
    progress = fill_backorders(order.demands, order.progress, granted)
    backordered = sum(line_progress.backordered for line_progress in progress)
    holds = sorted(order.holds if backordered else order.holds - {Hold.STOCK})
    # A backordered order has as long to use its pieces as any other.
    ends = reserved_until(order.state, header.grade, clock.now())
    run_id = run.sk.removeprefix("ALLOCATION#")
    skus = {queue.sku_index: queue.sku for queue in order.lines}
    grants = [
        [skus[sku_index], granted[sku_index], share["reason"]]
        for sku_index, share in shares.items()
        if granted[sku_index]
    ]
    day = _promised_on(header, granted)
    facts = {
        "promised_on": day,
        "filled": sum(granted.values()),
        "backordered": backordered,
        "holds": tuple(holds),
        "rule": run.rule,
    }
    transaction = Transaction()
    move_stock(transaction, Move.RESERVE, header.warehouse, granted, MovementCause(order.next_step))
    transaction.create(
        GrantItem(
            *grant_key(header.order_id, run_id, min(shares)),
            order_id=header.order_id,
            run=run_id,
            granted_at=clock.stamp(),
            rule_version=run.rule_version,
            grants=grants,
        ),
        "grant",
    )
    changes: dict[str, Any] = {"holds": holds, "reserved_until": ends, "warned": None, "promised_on": day}
    change_order(
        transaction, order, Action.FILL_BACKORDERS, OrderBackordersFilled, facts=facts, progress=progress, **changes
    )
    transaction.commit()


def _promised_on(header: HeaderItem, granted: Mapping[int, int]) -> str | None:
    """Return the day on which the reserved pieces leave, never later than promised. A miss is published as a slip."""
    backordered = promised_backorder_days(header)
    promised = [backordered.get(sku_index) for sku_index, pieces in granted.items() if pieces]
    reserved = header.promised_on if header.reserved else None
    return earliest_day(reserved, *promised, ship_day(clock.now(), CHINA))
