"""Invariants of stock: every piece on the shelves is explained by what came in, is promised or has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from contracts.stock import SLOTS_PER_SHELF, ShelfItem, Slot
from services.orders.domain import OPEN_STATES
from services.orders.table import GoodsReceiptItem, Order
from tools.audit.findings import Finding

#: Warehouse and slot number.
_Place = tuple[str, int]


def stock_findings(
    shelves: Iterable[ShelfItem],
    receipts: Iterable[GoodsReceiptItem],
    orders: Iterable[Order],
    slots: Mapping[str, int],
) -> Iterator[Finding]:
    """available >= 0, held >= 0; held is what open orders hold; on hand is what was received less what was shipped.

    Args:
        slots: slot number by SKU.
    """
    available, held = _counters(shelves)
    promised, shipped = _by_orders(orders)
    received = _received(receipts, slots)
    for place in sorted(available.keys() | held.keys() | promised.keys() | shipped.keys() | received.keys()):
        subject = _name(place)
        if available[place] < 0 or held[place] < 0:
            yield Finding("stock-negative", subject, f"available {available[place]}, held {held[place]}")
        if held[place] != promised[place]:
            yield Finding("stock-held", subject, f"held {held[place]}, open orders hold {promised[place]}")
        on_hand = available[place] + held[place]
        if on_hand != received[place] - shipped[place]:
            yield Finding(
                "stock-on-hand",
                subject,
                f"on hand {on_hand}, received {received[place]} less shipped {shipped[place]}",
            )


def _counters(shelves: Iterable[ShelfItem]) -> tuple[Counter[_Place], Counter[_Place]]:
    available: Counter[_Place] = Counter()
    held: Counter[_Place] = Counter()
    for shelf in shelves:
        warehouse = shelf.pk.removeprefix("SHELF#")
        first = int(shelf.sk) * SLOTS_PER_SHELF
        for position in range(SLOTS_PER_SHELF):
            available[warehouse, first + position] = int(shelf.available[position])
            held[warehouse, first + position] = int(shelf.held[position])
    return available, held


def _by_orders(orders: Iterable[Order]) -> tuple[Counter[_Place], Counter[_Place]]:
    promised: Counter[_Place] = Counter()
    shipped: Counter[_Place] = Counter()
    for order in orders:
        for line, so_far in zip(order.lines, order.progress, strict=True):
            place = order.header.warehouse, line.slot
            shipped[place] += so_far.shipped
            if order.state in OPEN_STATES:
                promised[place] += so_far.reserved
    return promised, shipped


def _received(receipts: Iterable[GoodsReceiptItem], slots: Mapping[str, int]) -> Counter[_Place]:
    received: Counter[_Place] = Counter()
    for receipt in receipts:
        warehouse = receipt.pk.removeprefix("STOCK#")
        for sku, pieces in receipt.lines:
            received[warehouse, slots[sku]] += pieces
    return received


def _name(place: _Place) -> str:
    warehouse, number = place
    shelf, position = Slot.of(number)
    return f"{warehouse} shelf {shelf} position {position}"
