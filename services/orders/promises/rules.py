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
    """What an order is told: `parts` says how many pieces leave on which day, the days ascending."""

    order_id: str
    pieces: int
    parts: tuple[PiecesOnDay, ...]

    @property
    def day(self) -> str | None:
        """The day on which the last piece leaves; None while nothing is expected that covers all of them."""
        covered = sum(part.pieces for part in self.parts)
        return self.parts[-1].day if self.parts and covered == self.pieces else None


class AtpDay(NamedTuple):
    """What may be promised to a new order for a day: `pieces` more than for the day before, `cumulative` in all."""

    day: str
    pieces: int
    cumulative: int


class Slip(NamedTuple):
    """A promise that is no longer kept. `new`: None if no day can be named any more."""

    line: str
    old: str
    new: str | None


def promise_sku(
    queue_length: Sequence[WaitingPieces],
    available: int,
    inbound: Iterable[PiecesOnDay],
    now: datetime,
    calendar: Calendar,
) -> list[Promise]:
    """What each order is told, if what is there and what is expected is handed out strictly down the line."""
    supply = deque(_by_ship_day(available, inbound, now, calendar))
    told = []
    for order_id, pieces in queue_length:
        parts, missing = [], pieces
        while missing and supply:
            day, there = supply.popleft()
            taken = min(there, missing)
            parts.append(PiecesOnDay(day, taken))
            missing -= taken
            if there > taken:
                supply.appendleft(PiecesOnDay(day, there - taken))
        told.append(Promise(order_id, pieces, tuple(parts)))
    return told


def promise_days_of(
    line: Sequence[WaitingOrder],
    available: Mapping[int, int],
    inbound: Mapping[int, Sequence[PiecesOnDay]],
    now: datetime,
    calendar: Calendar,
) -> dict[str, dict[int, str]]:
    """The day each order in line is told, by sku_index; sku_indexes for which no day can be named are left out.

    An order that takes only all of it gets all of it together: on the last of its days, or on none.

    Args:
        line: who waits, in the order in which they are served; available, inbound: pieces by sku_index.
    """
    told: dict[str, dict[int, str | None]] = {place.order_id: {} for place in line}
    for sku_index in sorted({sku_index for place in line for sku_index in place.wanted}):
        waiting = [
            WaitingPieces(place.order_id, place.wanted[sku_index]) for place in line if sku_index in place.wanted
        ]
        for promise in promise_sku(waiting, available.get(sku_index, 0), inbound.get(sku_index, ()), now, calendar):
            told[promise.order_id][sku_index] = promise.day
    for place in line:
        if place.whole:
            days = told[place.order_id].values()
            last = None if None in days else max((day for day in days if day), default=None)
            told[place.order_id] = dict.fromkeys(place.wanted, last)
    return {order_id: {sku_index: day for sku_index, day in days.items() if day} for order_id, days in told.items()}


def available_to_promise(
    available: int, inbound: Iterable[PiecesOnDay], demand: Iterable[PiecesOnDay], now: datetime, calendar: Calendar
) -> list[AtpDay]:
    """Available to promise per ship day (features.md 4.6), the first of which is the day that pieces held now leave on.

    `demand`: pieces asked for and not held, by the day they are wanted on. Whatever lacks on a day is taken from what
    is left over before it, so a new promise never takes what a later order was told it would get.
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


def slips(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> list[Slip]:
    """Lines whose day moved later or was lost. Lines not in `new`, gone or given up, slip no more."""
    return [
        Slip(line, promised, new[line])
        for line, promised in sorted(old.items())
        if promised and line in new and (new[line] or _NEVER) > promised
    ]


_NEVER = "9999-12-31"


def _by_ship_day(
    available: int, inbound: Iterable[PiecesOnDay], now: datetime, calendar: Calendar
) -> list[PiecesOnDay]:
    """Pieces by the day they can leave on, ascending; a day without pieces is left out."""
    supply: Counter[str] = Counter({ship_day(now, calendar): available})
    for day, pieces in inbound:
        supply[ship_day_of_arrival(day, now, calendar)] += pieces
    return [PiecesOnDay(day, pieces) for day, pieces in sorted(supply.items()) if pieces > 0]
