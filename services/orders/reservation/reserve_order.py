"""Reserve stock for a submitted order, and move it to the review queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from contracts.orders import OrderReserved
from contracts.stock import SKUS_PER_BUCKET
from kernel.base import observability
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.order.change_order import change_order, record_step, with_warehouse
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, is_allowed
from services.orders.order.load_order import load_order
from services.orders.order.rules import (
    Progress,
    apply_reservation,
    limit_to_available,
    reserved_by_sku_index,
    split_by_transaction,
    sum_progress,
    wanted_by_sku_index,
)
from services.orders.service_terms import reserved_until
from services.orders.ship_days import ship_day
from services.orders.sourcing.items import alternate_warehouses
from services.orders.sourcing.rules import choose_warehouse
from services.orders.stock.buckets import (
    StockKeepsChanging,
    available_by_sku_index,
    available_in_refused_buckets,
    available_pieces,
)
from services.orders.stock.move_stock import MovementCause, move_stock
from services.orders.stock.rules import Move
from services.orders.vocabulary import Hold, State

#: Each refused round lowers the request to what is available. Others may take some meanwhile.
_ROUNDS = 25


#: More transactions than the largest order has parts.
_STEPS = 50


def reserve_order(order: Order) -> Order | None:
    """Decide the stock of a submitted order and move it to the review queue.

    One transaction reserves an order of up to BUCKETS_PER_TRANSACTION buckets. A larger order takes several recorded
    steps, and a repeat continues after the last one.

    Returns:
        The order as decided; None if it was decided before.

    Raises:
        StockKeepsChanging: others change the same order or stock all the time.
    """
    for _ in range(_STEPS):
        if not is_allowed(Action.RESERVE, order.state):
            return None
        try:
            if decided := _reserve_part(order):
                return decided
        except TransactionRefused as refused:
            if "order" not in refused:
                raise StockKeepsChanging from refused
        order = load_order(order.header.order_id)
    raise StockKeepsChanging


def _reserve_part(order: Order) -> Order | None:
    """Reserve the next part of the order. Return the order once the last part is decided, else None."""
    wanted = wanted_by_sku_index(order.demands, order.progress)
    parts = split_by_transaction(wanted, SKUS_PER_BUCKET)
    if not order.shortage_policy.accepts_partial and len(parts) + order.header.steps > 1:
        return _reserve_all_or_nothing_in_parts(order, wanted, parts)
    last = len(parts) == 1
    asked = wanted if last else {sku_index: pieces for sku_index, pieces in wanted.items() if sku_index in parts[0]}
    return _reserve_available(order, asked, last=last)


def _reserve_available(order: Order, asked: Mapping[int, int], *, last: bool) -> Order | None:
    granted = dict(asked)
    for attempt in range(_ROUNDS):
        try:
            return _write(
                order, apply_reservation(order.demands, order.progress, granted), Move.RESERVE, granted, last=last
            )
        except TransactionRefused as refused:
            buckets = available_in_refused_buckets(refused)
            if "order" in refused or not buckets:
                raise
            available = available_by_sku_index(buckets, granted)
        if not attempt and last and not order.header.steps:
            order, available = _source(order, asked, available)
        granted = limit_to_available(granted, available)
        if not order.shortage_policy.accepts_partial and granted != asked:
            granted = dict.fromkeys(granted, 0)
    raise StockKeepsChanging


def _source(order: Order, asked: Mapping[int, int], available: dict[int, int]) -> tuple[Order, dict[int, int]]:
    """Choose a warehouse when home is short; return the order moved there, and its available pieces."""
    home = order.header.warehouse
    alternates = alternate_warehouses(home)
    if not alternates:
        return order, available
    found = {one: available_pieces(one, asked) for one in (home, *alternates)}
    choice = choose_warehouse(home, alternates, found, asked, order.shortage_policy)
    candidates = [asdict(candidate) for candidate in choice.candidates]
    return with_warehouse(order, choice.warehouse, candidates), found[choice.warehouse]


def _reserve_all_or_nothing_in_parts(
    order: Order, wanted: Mapping[int, int], parts: Sequence[frozenset[int]]
) -> Order | None:
    """Reserve a part if everything is available; if a later part is short, release the earlier ones."""
    asked = {sku_index: pieces for sku_index, pieces in wanted.items() if sku_index in parts[0]}
    short = any(line_progress.backordered for line_progress in order.progress)
    if not short and (order.header.steps or _all_there(order.header.warehouse, wanted)):
        try:
            return _write(
                order,
                apply_reservation(order.demands, order.progress, asked),
                Move.RESERVE,
                asked,
                last=len(parts) == 1,
            )
        except TransactionRefused as refused:
            if "order" in refused:
                raise
    return _release_part(order)


def _release_part(order: Order) -> Order | None:
    """Backorder a part of what is reserved, or everything once nothing is reserved any more, and finish."""
    reserved = reserved_by_sku_index(order.demands, order.progress)
    parts = split_by_transaction(reserved, SKUS_PER_BUCKET)
    returned = {sku_index: pieces for sku_index, pieces in reserved.items() if parts and sku_index in parts[0]}
    last = len(parts) <= 1
    progress = tuple(
        Progress(backordered=quantity) if last or sku_index in returned or line_progress.backordered else line_progress
        for (sku_index, quantity), line_progress in zip(order.demands, order.progress, strict=True)
    )
    return _write(order, progress, Move.UNRESERVE, returned, last=last)


def _all_there(warehouse: str, wanted: Mapping[int, int]) -> bool:
    available = available_pieces(warehouse, wanted)
    return all(available[number] >= pieces for number, pieces in wanted.items())


def _write(
    order: Order, progress: tuple[Progress, ...], move: Move, pieces: Mapping[int, int], *, last: bool
) -> Order | None:
    transaction = Transaction()
    move_stock(transaction, move, order.header.warehouse, pieces, MovementCause(order.next_step))
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
    reserved, backordered, _, _ = sum_progress(progress)
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
    facts = {
        "reserved": reserved,
        "backordered": backordered,
        "holds": tuple(holds),
        "promised_on": changes.get("promised_on"),
        "backordered_lines": tuple(
            number for number, line_progress in enumerate(progress, 1) if line_progress.backordered
        )
        or None,
    }
    return change_order(
        transaction, order, Action.RESERVE, OrderReserved, facts=facts, progress=progress, **changes
    ).order
