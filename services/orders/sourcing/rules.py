"""Choose the one warehouse that serves an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.orders.vocabulary import Pieces, ShortagePolicy


class SourcingReason(StrEnum):
    """Reason why a warehouse was chosen."""

    HOME_HAS_ALL = "home_has_all"
    ALTERNATE_HAS_ALL = "alternate_has_all"
    MOST_PIECES = "most_pieces"
    STAYS_AT_HOME = "stays_at_home"


@dataclass(frozen=True)
class Candidate:
    """Stock of one warehouse: `pieces` of the `wanted` ones it has; `short`: number of SKUs it lacks."""

    warehouse: str
    pieces: int
    wanted: int
    short: int

    @property
    def has_all(self) -> bool:
        """Return whether nothing would be backordered."""
        return self.short == 0


class SourcingChoice(NamedTuple):
    """Chosen warehouse, reason, and all candidates: home first, then in the published order."""

    warehouse: str
    reason: SourcingReason
    candidates: tuple[Candidate, ...]


def choose_warehouse(
    home: str,
    alternates: Sequence[str],
    available: Mapping[str, Pieces],
    wanted: Pieces,
    shortage_policy: ShortagePolicy,
) -> SourcingChoice:
    """Choose home if it has everything, else the first alternate that has, else the one with most pieces.

    Home wins a tie. An order that does not accept a part stays at home unless one warehouse has everything. A SKU
    that `available` lacks is not there.
    """
    candidates = tuple(_candidate(warehouse, available.get(warehouse, {}), wanted) for warehouse in (home, *alternates))
    complete = next((candidate for candidate in candidates if candidate.has_all), None)
    if complete:
        reason = SourcingReason.HOME_HAS_ALL if complete.warehouse == home else SourcingReason.ALTERNATE_HAS_ALL
        return SourcingChoice(complete.warehouse, reason, candidates)
    if shortage_policy is not ShortagePolicy.SHIP_AVAILABLE:
        return SourcingChoice(home, SourcingReason.STAYS_AT_HOME, candidates)
    most = max(candidates, key=lambda candidate: candidate.pieces)
    return SourcingChoice(most.warehouse, SourcingReason.MOST_PIECES, candidates)


def _candidate(warehouse: str, there: Pieces, wanted: Pieces) -> Candidate:
    given = {sku_index: min(pieces, max(there.get(sku_index, 0), 0)) for sku_index, pieces in wanted.items()}
    short = sum(given[sku_index] < pieces for sku_index, pieces in wanted.items())
    return Candidate(warehouse, sum(given.values()), sum(wanted.values()), short)
