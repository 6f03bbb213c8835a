"""Promise dates of one SKU in one warehouse. Days are ISO dates of Asia/Shanghai, which sort as text."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from kernel.time.calendar import Calendar
from services.orders.allocation.rules import WaitingOrder
from services.orders.ship_days import ship_day, ship_day_of_arrival
from services.orders.vocabulary import PiecesOnDay


class WaitingPieces(NamedTuple):
    """Pieces an order waits for."""

    order_id: str
    pieces: int


class Promise(NamedTuple):
    """Promise of an order: `parts` are the pieces by ship day, ascending."""

    order_id: str
    pieces: int
    parts: tuple[PiecesOnDay, ...]

    @property
    def day(self) -> str | None:
        """Day on which the last piece leaves; None while expected stock does not cover all pieces."""
        covered = sum(part.pieces for part in self.parts)
        return self.parts[-1].day if self.parts and covered == self.pieces else None


class AtpDay(NamedTuple):
    """Pieces that may be promised for a day: more than for the day before, and `cumulative` in total."""

    day: str
    pieces: int
    cumulative: int


class Slip(NamedTuple):
    """A promise date that is not kept. `new` is None without a new date."""

    key: str
    old: str
    new: str | None


def promise_dates_of_sku(
    queue: Sequence[WaitingPieces],
    available: int,
    inbound: Iterable[PiecesOnDay],
    now: datetime,
    calendar: Calendar,
) -> list[Promise]:
    """Return the promise of each waiting order, if available and expected pieces go strictly down the queue."""
    supply = deque(_by_ship_day(available, inbound, now, calendar))
    promised = []
    for order_id, pieces in queue:
        parts, missing = [], pieces
        while missing and supply:
            day, available_pieces = supply.popleft()
            taken = min(available_pieces, missing)
            parts.append(PiecesOnDay(day, taken))
            missing -= taken
            if available_pieces > taken:
                supply.appendleft(PiecesOnDay(day, available_pieces - taken))
        promised.append(Promise(order_id, pieces, tuple(parts)))
    return promised


def promise_dates_by_order(
    queue: Sequence[WaitingOrder],
    available: Mapping[int, int],
    inbound: Mapping[int, Sequence[PiecesOnDay]],
    now: datetime,
    calendar: Calendar,
) -> dict[str, dict[int, str]]:
    """Return the promise dates by SKU index of each waiting order. SKU indexes without a date are left out.

    An order that accepts no part gets everything on its last date, or has no date.

    Args:
        queue: waiting orders in queue order.
        available, inbound: pieces by SKU index.
    """
    promised: dict[str, dict[int, str | None]] = {order.order_id: {} for order in queue}
    for sku_index in sorted({sku_index for order in queue for sku_index in order.wanted}):
        waiting = [
            WaitingPieces(order.order_id, order.wanted[sku_index]) for order in queue if sku_index in order.wanted
        ]
        for promise in promise_dates_of_sku(
            waiting, available.get(sku_index, 0), inbound.get(sku_index, ()), now, calendar
        ):
            promised[promise.order_id][sku_index] = promise.day
    for order in queue:
        if order.whole:
            days = promised[order.order_id].values()
            last = None if None in days else max((day for day in days if day), default=None)
            promised[order.order_id] = dict.fromkeys(order.wanted, last)
    return {order_id: {sku_index: day for sku_index, day in days.items() if day} for order_id, days in promised.items()}


def available_to_promise(
    available: int, inbound: Iterable[PiecesOnDay], demand: Iterable[PiecesOnDay], now: datetime, calendar: Calendar
) -> list[AtpDay]:
    """Return available-to-promise pieces by ship day, starting with the ship day of pieces reserved now.

    A shortage on a day is taken from the surplus before it. A new promise therefore never takes pieces promised to a
    later order.

    Args:
        demand: pieces wanted and not reserved, by day.
    """
    first = ship_day(now, calendar)
    change: Counter[str] = Counter({first: 0})
    for day, pieces in _by_ship_day(available, inbound, now, calendar):
        change[day] += pieces
    for day, pieces in demand:
        change[max(day, first)] -= pieces
    days = sorted(change)
    balances = list(accumulate(change[day] for day in days))
    lasting = [max(balance, 0) for balance in accumulate(reversed(balances), min)][::-1]
    return [
        AtpDay(day, total - before, total) for day, before, total in zip(days, [0, *lasting], lasting, strict=False)
    ]


def later_or_lost_promises(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> list[Slip]:
    """Return promise dates that moved later or were lost. Keys that are not in `new` no longer count."""
    return [
        Slip(key, promised, new[key])
        for key, promised in sorted(old.items())
        if promised and key in new and (new[key] or _NEVER) > promised
    ]


_NEVER = "9999-12-31"


def _by_ship_day(
    available: int, inbound: Iterable[PiecesOnDay], now: datetime, calendar: Calendar
) -> list[PiecesOnDay]:
    """Return pieces by the day they can leave, ascending. Missing pieces (available below 0) take from the first."""
    supply: Counter[str] = Counter({ship_day(now, calendar): max(available, 0)})
    for day, pieces in inbound:
        supply[ship_day_of_arrival(day, now, calendar)] += pieces
    missing, by_day = max(-available, 0), []
    for day, pieces in sorted(supply.items()):
        left = max(pieces - missing, 0)
        missing -= pieces - left
        if left:
            by_day.append(PiecesOnDay(day, left))
    return by_day
