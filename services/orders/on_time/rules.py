"""On-time rate: pieces shipped by the day first promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.orders import OrderCreditHoldPlaced, OrderReserved
from contracts.promises import OrderPromiseMoved, OrderPromiseSlipped
from kernel.messaging.events import Envelope

_PROMISE_EVENTS = frozenset({OrderPromiseMoved.TYPE, OrderPromiseSlipped.TYPE})


def first_promised_day_by_line(history: Iterable[Envelope], line_count: int) -> dict[int, str]:
    """Return the day for which the last piece of each line was first promised, by line number.

    A line that never had a promise date is left out. A credit hold ends all promises, because the dealer cannot pay;
    the ones after its release count.
    """
    days: dict[int, str] = {}
    for message in history:
        if message.type == OrderReserved.TYPE and message.data.get("promised_on"):
            waiting = set(message.data.get("backordered_lines") or ())
            reserved = (number for number in range(1, line_count + 1) if number not in waiting)
            days |= dict.fromkeys(reserved, message.data["promised_on"])
        if message.type == OrderCreditHoldPlaced.TYPE:
            days.clear()
        if message.type in _PROMISE_EVENTS:
            for one in message.data["moved"]:
                if one.get("new") and not one["reserved"]:
                    days |= {number: one["new"] for number in one["lines"] if number not in days}
    return days


@dataclass
class PunctualityTally:
    """Pieces shipped on time, late, and without a promise date."""

    on_time: int = 0
    late: int = 0
    undated: int = 0

    def add(self, pieces: int, promised_on: str | None, shipped_on: str) -> None:
        """Count pieces that left on a day."""
        if promised_on is None:
            self.undated += pieces
        elif shipped_on <= promised_on:
            self.on_time += pieces
        else:
            self.late += pieces

    @property
    def on_time_rate(self) -> Decimal | None:
        """Share of the pieces with a promise date that left by then, to four places; None without any."""
        promised = self.on_time + self.late
        return (Decimal(self.on_time) / promised).quantize(Decimal("0.0001")) if promised else None


def tally_punctuality_by_sku(
    shipped: Iterable[tuple[str, list[tuple[str, int, str | None]]]],
) -> Mapping[str, PunctualityTally]:
    """Tally shipped pieces by SKU.

    Args:
        shipped: per shipment its day, and SKU, pieces and first promised day of each line.
    """
    by_sku: dict[str, PunctualityTally] = {}
    for shipped_on, rows in shipped:
        for sku, pieces, promised_on in rows:
            by_sku.setdefault(sku, PunctualityTally()).add(pieces, promised_on, shipped_on)
    return by_sku
