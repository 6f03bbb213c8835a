"""Which warehouse serves an order. One does, for all of it: an order is never split over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.orders.domain import ShortagePolicy

#: Pieces by sku_index.
Pieces = Mapping[int, int]


class Why(StrEnum):
    """What decided between the warehouses."""

    HOME_HAS_ALL = "home_has_all"
    ALTERNATE_HAS_ALL = "alternate_has_all"
    MOST_PIECES = "most_pieces"
    STAYS_AT_HOME = "stays_at_home"


@dataclass(frozen=True)
class Candidate:
    """What was found in one warehouse: `pieces` of the `wanted` ones it could give, `short`: how many SKUs it lacks."""

    warehouse: str
    pieces: int
    wanted: int
    short: int

    @property
    def has_all(self) -> bool:
        """Whether nothing would be back-ordered."""
        return self.short == 0


class Choice(NamedTuple):
    """The warehouse, what decided, and all that were looked at: home first, then in the published order."""

    warehouse: str
    why: Why
    because: tuple[Candidate, ...]


def choose(
    home: str,
    alternates: Sequence[str],
    available: Mapping[str, Pieces],
    wanted: Pieces,
    shortage_policy: ShortagePolicy,
) -> Choice:
    """Home if it has everything, else the first alternate that has, else whoever has most, home before others.

    An order that takes nothing unless it can have all does not move for most of it: it stays at home. What `available`
    does not name, a warehouse does not have.
    """
    because = tuple(_candidate(warehouse, available.get(warehouse, {}), wanted) for warehouse in (home, *alternates))
    complete = next((candidate for candidate in because if candidate.has_all), None)
    if complete:
        why = Why.HOME_HAS_ALL if complete.warehouse == home else Why.ALTERNATE_HAS_ALL
        return Choice(complete.warehouse, why, because)
    if shortage_policy is not ShortagePolicy.SHIP_AVAILABLE:
        return Choice(home, Why.STAYS_AT_HOME, because)
    most = max(because, key=lambda candidate: candidate.pieces)
    return Choice(most.warehouse, Why.MOST_PIECES, because)


def _candidate(warehouse: str, there: Pieces, wanted: Pieces) -> Candidate:
    given = {sku_index: min(pieces, max(there.get(sku_index, 0), 0)) for sku_index, pieces in wanted.items()}
    short = sum(given[sku_index] < pieces for sku_index, pieces in wanted.items())
    return Candidate(warehouse, sum(given.values()), sum(wanted.values()), short)
