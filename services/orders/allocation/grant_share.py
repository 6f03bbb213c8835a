"""Reserve the share that an allocation run grants an order."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from contracts.orders import OrderBackordersFilled
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.allocation.items import AllocationRunItem, GrantItem, grant_key
from services.orders.order.backorder_entry import load_promise_dates_by_sku_index
from services.orders.order.change_order import change_order
from services.orders.order.items import HeaderItem, Order
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.order.rules import backordered_by_sku_index, fill_backorders, limit_to_available
from services.orders.service_terms import reservation_end_stamp
from services.orders.ship_days import earliest_of_days, ship_day
from services.orders.stock.buckets import StockKeepsChanging, available_in_refused_buckets
from services.orders.stock.move_stock import MovementCause, move_stock
from services.orders.stock.rules import Move
from services.orders.vocabulary import Hold

#: Each refused round lowers the grant to what is available. Others may take some meanwhile.
_ROUNDS = 25


def grant_share(
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
            granted = limit_to_available(granted, available_in_refused_buckets(refused))
        else:
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
    ends = reservation_end_stamp(order.state, header.grade, clock.now())
    run_id = run.sk.removeprefix("ALLOCATION#")
    skus = {line.sku_index: line.sku for line in order.lines}
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
    backordered = load_promise_dates_by_sku_index(header)
    promised = [backordered.get(sku_index) for sku_index, pieces in granted.items() if pieces]
    reserved = header.promised_on if header.reserved else None
    return earliest_of_days(reserved, *promised, ship_day(clock.now(), CHINA))
