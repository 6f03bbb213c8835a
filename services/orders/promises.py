"""When pieces leave the warehouse: what may still be promised for which day, what each order is told, what slips.

One SKU of one warehouse at a time. Days are ISO dates of Asia/Shanghai, which sort as text.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from kernel.calendar import Calendar
from kernel.clock import BUSINESS_ZONE

#: What is approved and held before this hour of a working day leaves on that day. Orders are taken at any hour.
CUT_OFF_HOUR = 17


class Dated(NamedTuple):
    """Pieces on a day."""

    day: str
    pieces: int


class Waiting(NamedTuple):
    """Pieces an order waits for."""

    order_id: str
    pieces: int


@dataclass(frozen=True)
class Promise:
    """What an order is told: `parts` says how many pieces leave on which day, the days ascending."""

    order_id: str
    pieces: int
    parts: tuple[Dated, ...]

    @property
    def day(self) -> str | None:
        """The day on which the last piece leaves; None while nothing is expected that covers all of them."""
        covered = sum(part.pieces for part in self.parts)
        return self.parts[-1].day if self.parts and covered == self.pieces else None


class Bucket(NamedTuple):
    """What may be promised to a new order for a day: `pieces` more than for the day before, `cumulative` in all."""

    day: str
    pieces: int
    cumulative: int


class Slip(NamedTuple):
    """A promise that is no longer kept. `new`: None if no day can be named any more."""

    line: str
    old: str
    new: str | None


def ship_day(ready: datetime, calendar: Calendar) -> str:
    """The day on which held pieces leave that were approved at this moment: the same working day, until the cut-off."""
    local = ready.astimezone(BUSINESS_ZONE)
    late = timedelta(days=local.hour >= CUT_OFF_HOUR)
    return calendar.workday_from(local.date() + late).isoformat()


def ship_day_of_arrival(expected: str, now: datetime, calendar: Calendar) -> str:
    """The day on which expected pieces leave: the first working day after they come in.

    A delivery that should have come already is taken to come today.
    """
    arrives = max(date.fromisoformat(expected), now.astimezone(BUSINESS_ZONE).date())
    return calendar.workday_from(arrives + timedelta(days=1)).isoformat()


def promises(
    in_line: Sequence[Waiting], available: int, inbound: Iterable[Dated], now: datetime, calendar: Calendar
) -> list[Promise]:
    """What each order is told, if what is there and what is expected is handed out strictly down the line."""
    supply = deque(_by_ship_day(available, inbound, now, calendar))
    told = []
    for order_id, pieces in in_line:
        parts, missing = [], pieces
        while missing and supply:
            day, there = supply.popleft()
            taken = min(there, missing)
            parts.append(Dated(day, taken))
            missing -= taken
            if there > taken:
                supply.appendleft(Dated(day, there - taken))
        told.append(Promise(order_id, pieces, tuple(parts)))
    return told


def atp(
    available: int, inbound: Iterable[Dated], demand: Iterable[Dated], now: datetime, calendar: Calendar
) -> list[Bucket]:
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
        Bucket(day, total - before, total) for day, before, total in zip(days, [0, *lasting], lasting, strict=False)
    ]


def slips(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> list[Slip]:
    """Lines whose day moved later or was lost. Lines not in `new`, gone or given up, slip no more."""
    return [
        Slip(line, promised, new[line])
        for line, promised in sorted(old.items())
        if promised and line in new and (new[line] or _NEVER) > promised
    ]


_NEVER = "9999-12-31"


def _by_ship_day(available: int, inbound: Iterable[Dated], now: datetime, calendar: Calendar) -> list[Dated]:
    """Pieces by the day they can leave on, ascending; a day without pieces is left out."""
    supply: Counter[str] = Counter({ship_day(now, calendar): available})
    for day, pieces in inbound:
        supply[ship_day_of_arrival(day, now, calendar)] += pieces
    return [Dated(day, pieces) for day, pieces in sorted(supply.items()) if pieces > 0]
