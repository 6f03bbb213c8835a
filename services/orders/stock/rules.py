"""Rules of stock movements, in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Effect(NamedTuple):
    """What one moved piece adds to each counter: +1, -1 or 0."""

    available: int = 0
    quarantined: int = 0


class Move(StrEnum):
    """How stock moves. Counters are the sums of all movements ever made, each by its effect.

    What leaves with a shipment was taken off the bucket when it was held: its movement is the shipment.
    """

    RECEIVE = "receive"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    FOUND = "found"
    LOST = "lost"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"
    SEND = "send"

    @property
    def for_orders(self) -> bool:
        """Whether pieces so move for an order; else a stock document moves them."""
        return self in {Move.RESERVE, Move.UNRESERVE}

    @property
    def effect(self) -> Effect:
        """What a piece so moved changes."""
        return _EFFECTS[self]


_EFFECTS = {
    Move.RECEIVE: Effect(available=+1),
    Move.RESERVE: Effect(available=-1),
    Move.UNRESERVE: Effect(available=+1),
    Move.FOUND: Effect(available=+1),
    Move.LOST: Effect(available=-1),
    Move.SET_ASIDE: Effect(available=-1, quarantined=+1),
    Move.CLEAR: Effect(available=+1, quarantined=-1),
    Move.SCRAP: Effect(quarantined=-1),
    Move.SEND: Effect(available=-1),
}


def count_differences(
    on_hand: Mapping[int, int], there: Mapping[int, tuple[int, int]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Pieces found and pieces lost by sku_index, of sku_indexes counted otherwise than the books say.

    Args:
        on_hand: pieces counted.
        there: by the books, available and held.
    """
    difference = {sku_index: pieces - sum(there[sku_index]) for sku_index, pieces in on_hand.items()}
    found = {sku_index: more for sku_index, more in difference.items() if more > 0}
    return found, {sku_index: -less for sku_index, less in difference.items() if less < 0}
