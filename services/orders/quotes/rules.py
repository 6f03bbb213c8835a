"""Rules of a quote: which pieces of its lines leave when. Days are ISO dates of Asia/Shanghai."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from kernel.time.calendar import Calendar
from services.orders.promises.rules import WaitingPieces, promise_dates_of_sku, promise_supply
from services.orders.ship_days import ship_day
from services.orders.vocabulary import Pieces, PiecesOnDay


class WantedLine(NamedTuple):
    """Pieces that a line wants. `waits`: the rest may wait for goods; False for a run-out product."""

    line_no: int
    sku_index: int
    quantity: int
    waits: bool


class LineSupply(NamedTuple):
    """Pieces of a line from stock with their day, and the rest with the day of its last piece; None without a day."""

    from_stock: int
    from_stock_on: str | None
    rest: int
    rest_on: str | None


def free_pieces(available: Pieces, waiting: Pieces) -> dict[int, int]:
    """Return the pieces by SKU index that a new order may reserve: what is available, less backorders ahead of it."""
    return {sku_index: max(pieces - waiting.get(sku_index, 0), 0) for sku_index, pieces in available.items()}


def supply_of_lines(
    lines: Iterable[WantedLine],
    available: Pieces,
    waiting: Pieces,
    inbound: Mapping[int, Sequence[PiecesOnDay]],
    now: datetime,
    calendar: Calendar,
) -> dict[int, LineSupply]:
    """Return the supply of each line by its number: stock and expected pieces go down the queue, earlier lines first.

    Args:
        available, inbound: pieces by SKU index.
        waiting: backordered pieces by SKU index, of orders ahead.
    """
    today = ship_day(now, calendar)
    free = free_pieces(available, waiting)
    by_sku: dict[int, list[WantedLine]] = defaultdict(list)
    for line in lines:
        by_sku[line.sku_index].append(line)
    supplies = {}
    for sku_index, wanted in by_sku.items():
        queue = [WaitingPieces(str(line.line_no), line.quantity) for line in wanted]
        left = free.get(sku_index, 0)
        expected = inbound.get(sku_index) if wanted[0].waits else None
        if expected:
            ahead = WaitingPieces("", waiting.get(sku_index, 0))
            there = available.get(sku_index, 0)
            promises = promise_dates_of_sku([ahead, *queue], there, expected, now, calendar)[1:]
        else:
            promises = promise_supply(queue, [PiecesOnDay(today, left)] if left else [])
        for line, promise in zip(wanted, promises, strict=True):
            taken = min(left, line.quantity)
            left -= taken
            rest = line.quantity - taken
            supplies[line.line_no] = LineSupply(taken, today if taken else None, rest, promise.day if rest else None)
    return supplies
