"""Rules of a quote: which pieces of its lines leave when. Days are ISO dates of Asia/Shanghai."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

from kernel.time.calendar import Calendar
from services.orders.promises.rules import WaitingPieces, promise_dates_of_sku
from services.orders.ship_days import ship_day
from services.orders.vocabulary import Pieces, PiecesOnDay


class WantedLine(NamedTuple):
    """Pieces that a line wants. `waits`: the rest may wait for goods; False for a run-out product."""

    line_no: int
    sku_index: int
    quantity: int
    waits: bool


class LineSupply(NamedTuple):
    """Pieces of a line from stock with their day, and the rest with the day of its last piece; None without a day.

    `available`: pieces of the SKU that a new order may reserve, after the backorders ahead of it.
    """

    available: int
    from_stock: int
    from_stock_on: str | None
    rest: int
    rest_on: str | None


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
    by_sku: dict[int, list[WantedLine]] = defaultdict(list)
    for line in lines:
        by_sku[line.sku_index].append(line)
    supplies = {}
    for sku_index, wanted in by_sku.items():
        there, ahead = available.get(sku_index, 0), waiting.get(sku_index, 0)
        free = left = max(there - ahead, 0)
        expected = inbound.get(sku_index) if wanted[0].waits else None
        # Without expected pieces no rest has a day.
        days = _days_of_last_pieces(wanted, there, ahead, expected, now, calendar) if expected else repeat(None)
        for line, day in zip(wanted, days, strict=False):
            taken = min(left, line.quantity)
            left -= taken
            rest = line.quantity - taken
            supplies[line.line_no] = LineSupply(free, taken, today if taken else None, rest, day if rest else None)
    return supplies


def _days_of_last_pieces(
    lines: Sequence[WantedLine],
    available: int,
    ahead: int,
    expected: Sequence[PiecesOnDay],
    now: datetime,
    calendar: Calendar,
) -> list[str | None]:
    """Return for each line of a SKU the day of its last piece; backordered pieces of other orders go `ahead`."""
    queue = [WaitingPieces("", ahead), *(WaitingPieces(str(line.line_no), line.quantity) for line in lines)]
    return [promise.day for promise in promise_dates_of_sku(queue, available, expected, now, calendar)[1:]]
