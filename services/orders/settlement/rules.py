"""Rules of a shortage: which orders keep their reserved pieces, and what an order loses. Pieces by SKU index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from contracts.grades import Grade
from contracts.stock import SKUS_PER_BUCKET
from services.orders.allocation.rules import AllocationRule, AllocationSettings, WaitingOrder, allocate_supply
from services.orders.order.items import Order
from services.orders.order.rules import backorder_reserved, reserved_by_sku_index, split_to_fit_transactions
from services.orders.vocabulary import Pieces


def pieces_beyond_reservations(available: Pieces, reserved: Pieces) -> dict[int, int]:
    """Return the pieces that are missing and that no order has reserved: they were shipped after the count.

    Args:
        available: below 0 by so many pieces as are missing.
        reserved: pieces reserved by all orders.
    """
    on_hand = {sku_index: pieces + reserved.get(sku_index, 0) for sku_index, pieces in available.items()}
    return {sku_index: -pieces for sku_index, pieces in on_hand.items() if pieces < 0}


def decide_who_keeps(
    rule: AllocationRule, settings: AllocationSettings, available: Pieces, orders: Iterable[Order]
) -> dict[str, dict[int, int]]:
    """Return the pieces that each order keeps of the missing SKUs, of the orders that lose some.

    What is on hand is allocated to the orders that have it reserved, as if they waited for it, by queue position. An
    order that accepts no part keeps everything or nothing.

    Args:
        available: of the missing SKUs; below 0 by so many pieces as are missing.
        orders: all orders with reservations.
    """
    claims = {}
    for order in orders:
        wanted = _of(reserved_by_sku_index(order.demands, order.progress), available)
        if wanted:
            claims[order.header.order_id] = _claim(order, wanted)
    reserved: Counter[int] = Counter()
    for claim in claims.values():
        reserved.update(claim.wanted)
    supply = {sku_index: max(pieces + reserved[sku_index], 0) for sku_index, pieces in available.items()}
    grants = allocate_supply(rule, settings, supply, claims.values())
    keeps = {
        order_id: {
            sku_index: grant.pieces if (grant := grants.get(order_id, {}).get(sku_index)) else 0
            for sku_index in claim.wanted
        }
        for order_id, claim in claims.items()
    }
    return {order_id: kept for order_id, kept in keeps.items() if kept != claims[order_id].wanted}


class Loss(NamedTuple):
    """Next pieces that an order loses in one transaction.

    `missing`: of the missing SKUs; `released`: all pieces, more if the order accepts no part; `last`: nothing follows.
    """

    missing: Pieces
    released: Pieces
    last: bool


def next_loss(order: Order, keeps: Pieces, available: Pieces) -> Loss | None:
    """Return what an order loses next so that it has what it keeps; None if that is nothing.

    Nothing is lost that is no longer missing, because goods came in or another order released its own.

    Args:
        keeps: pieces it keeps of the missing SKUs.
        available: of these SKUs now; below 0 by so many pieces as are missing.
    """
    reserved = reserved_by_sku_index(order.demands, order.progress)
    missing = {
        sku_index: min(reserved.get(sku_index, 0) - kept, -available[sku_index]) for sku_index, kept in keeps.items()
    }
    missing = {sku_index: pieces for sku_index, pieces in missing.items() if pieces > 0}
    if not missing:
        return None
    released = missing if order.shortage_policy.accepts_partial else reserved
    # Missing pieces go last: as long as they are reserved, a repeat after a crash finds what is left to do.
    parts = sorted(split_to_fit_transactions(released, SKUS_PER_BUCKET), key=lambda part: bool(part & missing.keys()))
    part = parts[0]
    return Loss(_of(missing, part), _of(released, part), len(parts) == 1)


def lines_that_lose(order: Order, lost: Mapping[int, int]) -> tuple[int, ...]:
    """Return the numbers of the lines that lose reserved pieces."""
    after = backorder_reserved(order.demands, order.progress, lost)
    return tuple(
        number
        for number, (was, now) in enumerate(zip(order.progress, after, strict=True), 1)
        if was.reserved != now.reserved
    )


def _of(pieces: Pieces, sku_indexes: Iterable[int]) -> dict[int, int]:
    return {sku_index: pieces[sku_index] for sku_index in sorted(sku_indexes) if sku_index in pieces}


def _claim(order: Order, wanted: Mapping[int, int]) -> WaitingOrder:
    header = order.header
    return WaitingOrder(
        order_id=header.order_id,
        dealer_id=header.dealer_id,
        grade=Grade(header.grade),
        urgent=bool(header.urgent),
        since=queue_since(order),
        whole=not order.shortage_policy.accepts_partial,
        wanted=wanted,
    )


def queue_since(order: Order) -> str:
    """Return the moment that decides the queue position of an order, also of one that has all its pieces reserved."""
    return str(order.header.backordered_since or order.header.wants_stock_since)
