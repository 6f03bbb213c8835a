"""On-time rate: pieces shipped by the day first promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.orders import OrderPromiseMoved, OrderPromiseSlipped, OrderReserved
from kernel.messaging.events import Envelope

_PROMISE_EVENTS = frozenset({OrderPromiseMoved.TYPE, OrderPromiseSlipped.TYPE})


def first_promised_days(history: Iterable[Envelope], line_count: int) -> dict[int, str]:
    """The day the last piece of each line was first promised for, by line number, from the events of an order.

    Lines without one are left out: nothing expected covered what they waited for until it came.
    """
    days: dict[int, str] = {}
    for message in history:
        if message.type == OrderReserved.TYPE and message.data.get("promised_on"):
            waiting = set(message.data.get("backordered_lines") or ())
            reserved = (number for number in range(1, line_count + 1) if number not in waiting)
            days |= dict.fromkeys(reserved, message.data["promised_on"])
        if message.type in _PROMISE_EVENTS:
            for one in message.data["moved"]:
                if one.get("new") and not one["reserved"]:
                    days |= {number: one["new"] for number in one["lines"] if number not in days}
    return days


@dataclass
class PunctualityTally:
    """Pieces that left: by the day they were first promised for, later, or without ever having been promised a day."""

    kept: int = 0
    late: int = 0
    undated: int = 0

    def add(self, pieces: int, promised_on: str | None, shipped_on: str) -> None:
        """Count pieces that left on a day."""
        if promised_on is None:
            self.undated += pieces
        elif shipped_on <= promised_on:
            self.kept += pieces
        else:
            self.late += pieces

    @property
    def rate(self) -> Decimal | None:
        """Of what was promised a day, the part that left by then, to four places; None if nothing was."""
        promised = self.kept + self.late
        return (Decimal(self.kept) / promised).quantize(Decimal("0.0001")) if promised else None


def tally_punctuality(left: Iterable[tuple[str, list[tuple[str, int, str | None]]]]) -> Mapping[str, PunctualityTally]:
    """What became of promises by SKU.

    Args:
        left: per shipment the day it left, and of each line SKU, pieces and the day first promised.
    """
    by_sku: dict[str, PunctualityTally] = {}
    for shipped_on, rows in left:
        for sku, pieces, promised_on in rows:
            by_sku.setdefault(sku, PunctualityTally()).add(pieces, promised_on, shipped_on)
    return by_sku
