"""Reservation: stock for a submitted order is decided as one fact, and staff see the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from contracts.orders import OrderReserved
from contracts.stock import SKUS_PER_BUCKET
from kernel.base import observability
from kernel.store.table import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders import stock
from services.orders.commands.allocate_backorders import StockKeepsChanging, allocate_to_earlier_orders
from services.orders.commands.renew_promises import renew_promises
from services.orders.commands.stock_rules import alternate_warehouses
from services.orders.domain import (
    Action,
    Hold,
    Move,
    Progress,
    State,
    decided,
    limit_to_available,
    may,
    reserved_by_sku_index,
    steps,
    totals,
    wanted_by_sku_index,
)
from services.orders.holding import reserved_until
from services.orders.promises import ship_day
from services.orders.sourcing import choose
from services.orders.table.changes import change_order, record_step, with_warehouse
from services.orders.table.orders import Order
from services.orders.table.reading import load_order_and_backorder_count
from services.orders.views import event_fields

#: Each refused round lowers what is asked for to what is there; others may take some meanwhile.
_ROUNDS = 25

#: More transactions than the parts of the largest order; whoever needs more is being overtaken all the time.
_PARTS = 50


def reserve_stock(order_id: str, warehouse: str) -> None:
    """Decide the stock of an order submitted to a warehouse; nothing to do if that was done.

    A part is held per transaction: one for any order of up to BUCKETS_PER_TRANSACTION buckets. A larger order takes several,
    each recorded, so that a repeat goes on where a crash left off. Then whoever it puts in line, or takes goods from,
    is told when its pieces leave; if a crash comes first, the sweep does that.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    for part in range(_PARTS):
        order, waiting = load_order_and_backorder_count(order_id, warehouse)
        if not may(Action.RESERVE, order.state):
            return
        if not part:
            shared = waiting > 0 and allocate_to_earlier_orders(order)
        try:
            after = _reserve_part(order)
        except TransactionRefused as refused:
            if "order" not in refused:
                raise StockKeepsChanging from refused
            continue
        if after:
            if shared or after.header.backordered_since or after.header.sourcing:
                renew_promises(after.header.warehouse)
            return
    raise StockKeepsChanging


def _reserve_part(order: Order) -> Order | None:
    """Decide the next part of the order; the order as it is then if it was the last, and goes to the review queue."""
    wanted = wanted_by_sku_index(order.demands, order.progress)
    parts = steps(wanted, SKUS_PER_BUCKET)
    if not order.shortage_policy.accepts_partial and len(parts) + order.header.steps > 1:
        return _reserve_all_or_nothing_in_parts(order, wanted, parts)
    last = len(parts) == 1
    asked = wanted if last else {sku_index: pieces for sku_index, pieces in wanted.items() if sku_index in parts[0]}
    return _hold_what_is_there(order, asked, last=last)


def _hold_what_is_there(order: Order, asked: Mapping[int, int], *, last: bool) -> Order | None:
    granted = dict(asked)
    for attempt in range(_ROUNDS):
        try:
            return _write(order, decided(order.demands, order.progress, granted), Move.RESERVE, granted, last=last)
        except TransactionRefused as refused:
            buckets = stock.refused_buckets(refused)
            if "order" in refused or not buckets:
                raise
            available = stock.available_by_sku_index(buckets, granted)
        if not attempt and last and not order.header.steps:
            order, available = _sourced(order, asked, available)
        granted = limit_to_available(granted, available)
        if not order.shortage_policy.accepts_partial and granted != asked:
            granted = dict.fromkeys(granted, 0)
    raise StockKeepsChanging


def _sourced(order: Order, asked: Mapping[int, int], available: dict[int, int]) -> tuple[Order, dict[int, int]]:
    """What is short at home may be at another warehouse: the order, moved there if so, and what is available."""
    home = order.header.warehouse
    alternates = alternate_warehouses(home)
    if not alternates:
        return order, available
    found = {one: stock.available_at(one, asked) for one in (home, *alternates)}
    choice = choose(home, alternates, found, asked, order.shortage_policy)
    because = [asdict(candidate) for candidate in choice.because]
    return with_warehouse(order, choice.warehouse, because), found[choice.warehouse]


def _reserve_all_or_nothing_in_parts(
    order: Order, wanted: Mapping[int, int], parts: Sequence[frozenset[int]]
) -> Order | None:
    """Look before the first part is held; if a later part still falls short, give back what the earlier ones hold."""
    asked = {sku_index: pieces for sku_index, pieces in wanted.items() if sku_index in parts[0]}
    short = any(so_far.backordered for so_far in order.progress)
    if not short and (order.header.steps or _all_there(order.header.warehouse, wanted)):
        try:
            return _write(
                order, decided(order.demands, order.progress, asked), Move.RESERVE, asked, last=len(parts) == 1
            )
        except TransactionRefused as refused:
            if "order" in refused:
                raise
    return _give_back(order)


def _give_back(order: Order) -> Order | None:
    """Turn a part of what is held into back-order, or with nothing held any more all of it, and finish."""
    reserved = reserved_by_sku_index(order.demands, order.progress)
    parts = steps(reserved, SKUS_PER_BUCKET)
    returned = {sku_index: pieces for sku_index, pieces in reserved.items() if parts and sku_index in parts[0]}
    last = len(parts) <= 1
    progress = tuple(
        Progress(backordered=quantity) if last or sku_index in returned or so_far.backordered else so_far
        for (sku_index, quantity), so_far in zip(order.demands, order.progress, strict=True)
    )
    return _write(order, progress, Move.UNRESERVE, returned, last=last)


def _all_there(warehouse: str, wanted: Mapping[int, int]) -> bool:
    available = stock.available_at(warehouse, wanted)
    return all(available[number] >= pieces for number, pieces in wanted.items())


def _write(
    order: Order, progress: tuple[Progress, ...], move: Move, pieces: Mapping[int, int], *, last: bool
) -> Order | None:
    transaction = Transaction()
    stock.move(transaction, move, order.header.warehouse, pieces, stock.Cause(order.next_step))
    after = None
    if last:
        after = _finish(transaction, order, progress)
    else:
        record_step(transaction, order, progress)
    transaction.commit()
    if last:
        waited = clock.now() - clock.parse_stamp(order.header.submitted_at)
        observability.seconds("SubmitToVisible", waited.total_seconds())
    return after


def _finish(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> Order:
    reserved, backordered, _, _ = totals(progress)
    holds = sorted(order.holds | ({Hold.STOCK} if backordered else set()))
    now = clock.now()
    changes: dict[str, Any] = {"visible_at": clock.stamp(), "holds": holds}
    if reserved:
        changes["promised_on"] = ship_day(now, CHINA)
        changes["reserved_until"] = reserved_until(State.IN_REVIEW, order.header.grade, now)
    if backordered and order.shortage_policy.waits_for_stock:
        changes["backordered_since"] = order.header.submitted_at
    if order.header.sourcing:
        changes |= {"warehouse": order.header.warehouse, "sourcing": order.header.sourcing}
    event = OrderReserved(
        **event_fields(order.header, State.IN_REVIEW, by=""),
        reserved=reserved,
        backordered=backordered,
        holds=tuple(holds),
        promised_on=changes.get("promised_on"),
        waiting=tuple(number for number, so_far in enumerate(progress, 1) if so_far.backordered) or None,
    )
    return change_order(transaction, order, event=event, progress=progress, **changes)
