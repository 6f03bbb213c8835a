"""Rules of stock movements, in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Effect(NamedTuple):
    """Change of each counter by one moved piece: +1, -1 or 0."""

    available: int = 0
    quarantined: int = 0


class Move(StrEnum):
    """Kind of stock movement. A counter is the sum of all movements, each by its effect.

    A shipment moves no counter, because its pieces left the bucket when they were reserved. MISSING may bring the
    available pieces below zero: then reserved pieces are not there, and a shortage is open.
    """

    RECEIVE = "receive"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    FOUND = "found"
    LOST = "lost"
    MISSING = "missing"
    SHORT_PICK = "short_pick"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"
    SEND = "send"

    @property
    def for_orders(self) -> bool:
        """Return whether pieces move for an order, not by a stock document."""
        return self in {Move.RESERVE, Move.UNRESERVE}

    @property
    def effect(self) -> Effect:
        """Effect of one moved piece."""
        return _EFFECTS[self]


_EFFECTS = {
    Move.RECEIVE: Effect(available=+1),
    Move.RESERVE: Effect(available=-1),
    Move.UNRESERVE: Effect(available=+1),
    Move.FOUND: Effect(available=+1),
    Move.LOST: Effect(available=-1),
    Move.MISSING: Effect(available=-1),
    Move.SHORT_PICK: Effect(available=-1),
    Move.SET_ASIDE: Effect(available=-1, quarantined=+1),
    Move.CLEAR: Effect(available=+1, quarantined=-1),
    Move.SCRAP: Effect(quarantined=-1),
    Move.SEND: Effect(available=-1),
}


#: Chinese and English name of each kind.
MOVE_NAMES: Mapping[Move, tuple[str, str]] = {
    Move.RECEIVE: ("入库", "received"),
    Move.RESERVE: ("预留", "reserved"),
    Move.UNRESERVE: ("释放预留", "reservation released"),
    Move.FOUND: ("盘盈", "found"),
    Move.LOST: ("盘亏", "lost"),
    Move.MISSING: ("实物短缺", "reserved pieces missing"),
    Move.SHORT_PICK: ("拣货短缺", "short pick"),
    Move.SET_ASIDE: ("隔离", "set aside"),
    Move.CLEAR: ("解除隔离", "cleared"),
    Move.SCRAP: ("报废", "scrapped"),
    Move.SEND: ("调出", "sent"),
}


def stock_count_differences(
    on_hand: Mapping[int, int], booked: Mapping[int, tuple[int, int]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return pieces found and pieces lost by SKU index, where a count differs from the books.

    Args:
        on_hand: counted pieces.
        booked: pieces by the books, available and reserved.
    """
    difference = {sku_index: pieces - sum(booked[sku_index]) for sku_index, pieces in on_hand.items()}
    found = {sku_index: more for sku_index, more in difference.items() if more > 0}
    return found, {sku_index: -less for sku_index, less in difference.items() if less < 0}


def split_lost_and_missing(
    less: Mapping[int, int], booked: Mapping[int, tuple[int, int]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return the pieces that a count lacks by SKU index: lost ones, which were available, and missing reserved ones.

    Args:
        less: pieces by which the count is below the books.
        booked: pieces by the books, available and reserved.
    """
    lost = {sku_index: min(pieces, max(booked[sku_index][0], 0)) for sku_index, pieces in less.items()}
    missing = {sku_index: pieces - lost[sku_index] for sku_index, pieces in less.items()}
    return {at: some for at, some in lost.items() if some}, {at: some for at, some in missing.items() if some}
