"""Goods became available: the orders that wait for them are served, in their place in line or by the rule published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import accumulate
from typing import Any

from contracts.orders import OrderBackordersFilled
from contracts.stock import SKUS_PER_BUCKET
from kernel.store.table import Transaction, TransactionRefused, fetch_one, query_all
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders import stock
from services.orders.allocation import Grant, WaitingOrder, share_out
from services.orders.commands.stock_rules import load_allocation_rule
from services.orders.domain import Hold, Move, ShortagePolicy, backordered_by_sku_index, filled, steps
from services.orders.holding import reserved_until
from services.orders.promises import earliest_day, ship_day
from services.orders.table.changes import change_order
from services.orders.table.line import (
    AllocationRunItem,
    BackorderItem,
    GrantItem,
    allocation_run_key,
    backorders_pk,
    grant_key,
    promised_backorder_days,
)
from services.orders.table.orders import HeaderItem, Order, priority_sort_key
from services.orders.table.reading import load_order
from services.orders.terms import grade_of
from services.orders.views import event_fields

#: Others may take some of what was granted before it is held, each round lowers it to what is there.
_ROUNDS = 25

#: SKUs waited for, order by order, in one run: with their reasons they stay well within the 400 KB of an item.
_MOST_SHARES = 8_000


class StockKeepsChanging(Exception):
    """Others took stock faster than we could decide; the message comes again."""


def allocate_backorders(warehouse: str, run_id: str) -> None:
    """Share what is available in a warehouse out to the orders that wait for it; nothing to do if nobody does.

    What each order gets is recorded before the first gets anything, so that a repeat after a crash (`run_id` names the
    run and its repeats) goes on with the same shares, though some of them have been given by then.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    run = fetch_one(AllocationRunItem, allocation_run_key(warehouse, run_id)) or _new_run(warehouse, run_id)
    if run is None:
        return
    for order_id, sku_indexes in run.shares.items():
        shares = {int(sku_index): share for sku_index, share in sku_indexes.items()}
        for part in steps(shares, SKUS_PER_BUCKET):
            _fill(order_id, run, {sku_index: shares[sku_index] for sku_index in sorted(part)}, run_gives=shares.keys())


def allocate_to_earlier_orders(order: Order) -> bool:
    """Before an order is decided: goods that came in while it was on its way belong to those who wait already.

    Returns:
        whether anybody, ahead or behind, waits for the same SKUs: what they are promised may change with the order.
    """
    header = order.header
    rank = priority_sort_key(bool(header.urgent), header.submitted_at, header.order_id)
    own = {demand.sku_index for demand in order.demands}
    wanted = {place.sk: own & place.by_sku_index.keys() for place in backorders_of(header.warehouse)}
    contested = {sku_index for sk, sku_indexes in wanted.items() if sk < rank for sku_index in sku_indexes}
    if contested and any(stock.available_at(header.warehouse, contested).values()):
        allocate_backorders(header.warehouse, f"before {header.order_id}")
    return any(wanted.values())


def backorders_of(warehouse: str) -> list[BackorderItem]:
    """The orders that wait for goods in a warehouse, first first, read consistently."""
    return list(query_all(BackorderItem, backorders_pk(warehouse)))


def _new_run(warehouse: str, run_id: str) -> AllocationRunItem | None:
    line = _foremost(backorders_of(warehouse))
    there = (
        stock.available_at(warehouse, {sku_index for place in line for sku_index in place.by_sku_index}) if line else {}
    )
    supply = {sku_index: pieces for sku_index, pieces in there.items() if pieces}
    if not supply:
        return None
    rule = load_allocation_rule(warehouse)
    shares = share_out(rule.rule, rule.settings, supply, [waiting_order_of(place) for place in line])
    if not shares:
        return None
    run = AllocationRunItem(
        *allocation_run_key(warehouse, run_id),
        made_at=clock.stamp(),
        rule=rule.rule,
        rule_version=rule.version,
        shares={
            order_id: {str(sku_index): _kept(grant) for sku_index, grant in sku_indexes.items()}
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


def _foremost(line: Sequence[BackorderItem]) -> list[BackorderItem]:
    """As much of the line, from its head, as one record of a run can hold; the sweep goes on with the others."""
    waited = accumulate(len(place.by_sku_index) for place in line)
    return [place for place, so_far in zip(line, waited, strict=True) if so_far <= _MOST_SHARES]


def waiting_order_of(item: BackorderItem) -> WaitingOrder:
    """An order in line, as the rules see it."""
    return WaitingOrder(
        order_id=item.order_id,
        dealer_id=item.dealer_id,
        grade=grade_of(item.grade),
        urgent=bool(item.urgent),
        since=item.since,
        whole=not ShortagePolicy(item.shortage_policy).accepts_partial,
        wanted=item.by_sku_index,
    )


def _kept(grant: Grant) -> dict[str, Any]:
    return {"pieces": grant.pieces, "reason": grant.reason._asdict()}


def _fill(order_id: str, run: AllocationRunItem, shares: Mapping[int, dict[str, Any]], *, run_gives: Set[int]) -> None:
    """Hold a part of an order's share, unless that was done; less if it waits for less by now, or others took some.

    Args:
        run_gives: all sku_indexes of which the run gives it something. Who takes only all of it must get it in all parts.
    """
    granted = {sku_index: int(share["pieces"]) for sku_index, share in shares.items()}
    for _ in range(_ROUNDS):
        order = load_order(order_id)
        waited = backordered_by_sku_index(order.demands, order.progress) if order.header.backordered_since else {}
        granted = {sku_index: min(pieces, waited.get(sku_index, 0)) for sku_index, pieces in granted.items()}
        if not any(granted.values()):
            return
        whole = waited.keys() <= run_gives and all(
            pieces == waited.get(sku_index, 0) for sku_index, pieces in granted.items()
        )
        if not (whole or order.shortage_policy.accepts_partial):
            return
        try:
            _hold(order, run, shares, granted)
        except TransactionRefused as refused:
            if "grant" in refused:
                return
            available = stock.available_by_sku_index(stock.refused_buckets(refused), granted)
            granted = {
                sku_index: min(pieces, available.get(sku_index, pieces)) for sku_index, pieces in granted.items()
            }
            continue
        return
    raise StockKeepsChanging


def _hold(
    order: Order, run: AllocationRunItem, shares: Mapping[int, dict[str, Any]], granted: Mapping[int, int]
) -> None:
    header = order.header
    progress = filled(order.demands, order.progress, granted)
    backordered = sum(so_far.backordered for so_far in progress)
    holds = sorted(order.holds if backordered else order.holds - {Hold.STOCK})
    # Whoever waited for goods has as long to use them as whoever found them there.
    ends = reserved_until(order.state, header.grade, clock.now())
    run_id = run.sk.removeprefix("ALLOCATION#")
    skus = {line.sku_index: line.sku for line in order.lines}
    grants = [
        [skus[sku_index], granted[sku_index], share["reason"]]
        for sku_index, share in shares.items()
        if granted[sku_index]
    ]
    day = _leaves_on(header, granted)
    event = OrderBackordersFilled(
        **event_fields(header, order.state, by=""),
        promised_on=day,
        filled=sum(granted.values()),
        backordered=backordered,
        holds=tuple(holds),
        rule=run.rule,
    )
    transaction = Transaction()
    stock.move(transaction, Move.RESERVE, header.warehouse, granted, stock.Cause(order.next_step))
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
    change_order(transaction, order, event=event, progress=progress, **changes)
    transaction.commit()


def _leaves_on(header: HeaderItem, granted: Mapping[int, int]) -> str | None:
    """The day on which what is held leaves: no later than was promised. If that is missed, it is told as a slip."""
    waited = promised_backorder_days(header)
    promised = [waited.get(sku_index) for sku_index, pieces in granted.items() if pieces]
    reserved = header.promised_on if header.reserved else None
    return earliest_day(reserved, *promised, ship_day(clock.now(), CHINA))
