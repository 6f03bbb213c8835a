"""Rules of a reservation: which pieces its next transaction moves, and what the lines show then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.stock import SKUS_PER_BUCKET
from services.orders.order.items import Order
from services.orders.order.rules import (
    Demand,
    Progress,
    limit_to_available,
    reserved_by_sku_index,
    split_to_fit_transactions,
    wanted_by_sku_index,
)
from services.orders.stock.rules import Move
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION, Pieces, ShortagePolicy


class ReservationStep(NamedTuple):
    """One transaction of a reservation: the pieces it moves by SKU index, and the progress of the lines afterwards.

    With the `last` step the stock of the order is decided.
    """

    move: Move
    pieces: Pieces
    progress: tuple[Progress, ...]
    last: bool


def needs_everything_in_several_transactions(order: Order) -> bool:
    """Return whether nothing is reserved yet of an order that needs everything and takes several transactions."""
    buckets = {demand.sku_index // SKUS_PER_BUCKET for demand in order.demands}
    accepts_partial = order.shortage_policy.accepts_partial
    return not accepts_partial and not order.header.steps and len(buckets) > BUCKETS_PER_TRANSACTION


def next_reservation_step(order: Order, available: Pieces) -> ReservationStep:
    """Return the next step of a reservation; after a crash, the step after the last recorded one.

    An order that accepts a part reserves what is available and backorders the rest. One that needs everything reserves
    part by part while nothing is short; once a line is short, it returns what its earlier steps reserved.

    Args:
        available: pieces by SKU index as far as they are known. A SKU index without a figure is taken to have enough.
    """
    wanted = wanted_by_sku_index(order.demands, order.progress)
    granted = limit_to_available(wanted, available)
    gives_up = not order.shortage_policy.accepts_partial and _lacks_what_it_needs(order, wanted, granted)
    moved = reserved_by_sku_index(order.demands, order.progress) if gives_up else granted
    parts = split_to_fit_transactions(moved, SKUS_PER_BUCKET)
    pieces = {sku_index: moved[sku_index] for sku_index in moved if sku_index in parts[0]}
    last = len(parts) <= 1
    if gives_up:
        return ReservationStep(Move.UNRESERVE, pieces, _backorder(order, pieces, everything=last), last)
    return ReservationStep(Move.RESERVE, pieces, apply_reservation(order.demands, order.progress, pieces), last)


def _lacks_what_it_needs(order: Order, wanted: Pieces, granted: Pieces) -> bool:
    """Return whether an order is short of what it needs whole; a part of it may be backordered by an earlier step.

    An order that waits for the rest goes without the pieces of run-out products that are gone: they never come.
    """
    without = order.run_out if order.shortage_policy is ShortagePolicy.WAIT else frozenset()
    if any(granted[sku_index] != pieces for sku_index, pieces in wanted.items() if sku_index not in without):
        return True
    return any(
        line_progress.backordered and demand.sku_index not in without
        for demand, line_progress in zip(order.demands, order.progress, strict=True)
    )


def _backorder(order: Order, returned: Pieces, *, everything: bool) -> tuple[Progress, ...]:
    """Backorder the lines whose pieces are returned, or all lines."""
    return tuple(
        line_progress._replace(reserved=0, backordered=quantity - line_progress.shipped - line_progress.cancelled)
        if everything or sku_index in returned or line_progress.backordered
        else line_progress
        for (sku_index, quantity), line_progress in zip(order.demands, order.progress, strict=True)
    )


def apply_reservation(
    demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]
) -> tuple[Progress, ...]:
    """Reserve granted pieces by SKU index, earlier lines first, and backorder the rest.

    Lines whose SKU index is not in `granted` stay undecided.
    """
    left = dict(granted)
    result = []
    for (sku_index, quantity), line_progress in zip(demands, progress, strict=True):
        reserved, backordered, shipped, cancelled = line_progress
        undecided = quantity - reserved - backordered - shipped - cancelled
        if undecided and sku_index in left:
            given = min(undecided, left[sku_index])
            left[sku_index] -= given
            line_progress = Progress(reserved + given, backordered + undecided - given, shipped, cancelled)
        result.append(line_progress)
    return tuple(result)
