"""Invariants of stock: every counter is the sum of the movements ever made, and every movement has its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.catalog import ProductItem
from contracts.stock import SLOTS_PER_SHELF, QuarantineItem, ShelfItem, Slot
from services.orders.domain import OPEN_STATES, Move
from services.orders.table import GoodsReceiptItem, MovementItem
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

#: Warehouse and slot number.
_Place = tuple[str, int]
_COUNTERS = ("available", "held", "quarantined")
_RECEIPT = "receipt "


@dataclass
class _Pieces:
    """Pieces by place, for each counter."""

    available: Counter[_Place] = field(default_factory=Counter)
    held: Counter[_Place] = field(default_factory=Counter)
    quarantined: Counter[_Place] = field(default_factory=Counter)


def never_below_zero(table: Snapshot) -> Iterator[Finding]:
    """S1: available(s,w), held(s,w) and quarantined(s,w) >= 0."""
    stored = table.once(_stored)
    for name in _COUNTERS:
        for place, pieces in sorted(getattr(stored, name).items()):
            if pieces < 0:
                yield Finding("stock-negative", _name(place), f"{name} {pieces}")


def counters_are_sums_of_movements(table: Snapshot) -> Iterator[Finding]:
    """S2: each counter = sum over all movements of pieces x effect."""
    stored, moved = table.once(_stored), table.once(_moved)
    for name in _COUNTERS:
        there, told = getattr(stored, name), getattr(moved, name)
        for place in sorted(there.keys() | told.keys()):
            if there[place] != told[place]:
                detail = f"{name} {there[place]}, its movements say {told[place]}"
                yield Finding("stock-moved", _name(place), detail)


def held_is_promised(table: Snapshot) -> Iterator[Finding]:
    """S2: held(s,w) = sum of what open orders hold."""
    held, promised = table.once(_stored).held, Counter[_Place]()
    for order in table.orders:
        if order.state in OPEN_STATES:
            for line, so_far in zip(order.lines, order.progress, strict=True):
                promised[order.header.warehouse, line.slot] += so_far.reserved
    for place in sorted(held.keys() | promised.keys()):
        if held[place] != promised[place]:
            yield Finding("stock-held", _name(place), f"held {held[place]}, open orders hold {promised[place]}")


def orders_have_what_moved_for_them(table: Snapshot) -> Iterator[Finding]:
    """S5: of each order, ever held = released + shipped + still held, and shipped = issued, by place."""
    still, gone = Counter[tuple[str, _Place]](), Counter[tuple[str, _Place]]()
    for order in table.orders:
        for line, so_far in zip(order.lines, order.progress, strict=True):
            place = order.header.warehouse, line.slot
            still[order.header.order_id, place] += so_far.reserved
            gone[order.header.order_id, place] += so_far.shipped
    held, issued = table.once(_moved_for_orders)
    for order_id, place in sorted(still.keys() | gone.keys() | held.keys() | issued.keys()):
        key = order_id, place
        if (still[key], gone[key]) != (held[key], issued[key]):
            detail = f"holds {still[key]}, shipped {gone[key]}; by movements {held[key]} and {issued[key]}"
            yield Finding("order-moved", f"{order_id} {_name(place)}", detail)


def receipts_are_what_came_in(table: Snapshot) -> Iterator[Finding]:
    """S2: a goods receipt moved in what stands on it, once; nothing came in without one."""
    slots = {product.sku: int(product.slot_number) for product in table.all(ProductItem)}
    written: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    moved: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for receipt in table.all(GoodsReceiptItem):
        for sku, pieces in receipt.lines:
            reference = receipt.sk.removeprefix("RECEIPT#")
            written[receipt.pk.removeprefix("STOCK#"), reference][slots.get(sku, -1)] += pieces
    for item in table.all(MovementItem):
        if item.move == Move.RECEIVE and item.reference.startswith(_RECEIPT):
            moved[warehouse_of(item), item.reference.removeprefix(_RECEIPT)].update(item.by_slot)
    for at in sorted(written.keys() | moved.keys()):
        if written[at] != moved[at]:
            detail = f"{sum(written[at].values())} pieces written, {sum(moved[at].values())} moved in"
            yield Finding("stock-received", " ".join(at), detail)


def slots_are_not_shared(table: Snapshot) -> Iterator[Finding]:
    """S2: a place counts the pieces of one SKU."""
    by_slot: dict[int, list[str]] = defaultdict(list)
    for product in table.all(ProductItem):
        by_slot[int(product.slot_number)].append(product.sku)
    for slot, skus in sorted(by_slot.items()):
        if len(skus) > 1:
            yield Finding("slot-shared", f"slot {slot}", ", ".join(sorted(skus)))


ALWAYS = (
    never_below_zero,
    counters_are_sums_of_movements,
    held_is_promised,
    orders_have_what_moved_for_them,
    receipts_are_what_came_in,
    slots_are_not_shared,
)


def warehouse_of(movement: MovementItem) -> str:
    """The warehouse in which it moved."""
    return movement.pk.split("#")[1]


def _stored(table: Snapshot) -> _Pieces:
    """As the shelves count them."""
    stock = _Pieces()
    for shelf in table.all(ShelfItem):
        warehouse, first = shelf.pk.removeprefix("SHELF#"), int(shelf.sk) * SLOTS_PER_SHELF
        _count(stock.available, warehouse, first, shelf.available)
        _count(stock.held, warehouse, first, shelf.held)
    for item in table.all(QuarantineItem):
        first = int(item.sk.partition("#")[0]) * SLOTS_PER_SHELF
        _count(stock.quarantined, item.pk.removeprefix("SHELF#"), first, item.pieces)
    return stock


def _count(into: Counter[_Place], warehouse: str, first: int, pieces: list[int]) -> None:
    for slot, number in enumerate(pieces, first):
        if number:
            into[warehouse, slot] = int(number)


def _moved(table: Snapshot) -> _Pieces:
    """As the movements tell."""
    stock = _Pieces()
    for item in table.all(MovementItem):
        warehouse, effect = warehouse_of(item), Move(item.move).effect
        for slot, pieces in item.by_slot.items():
            for name, sign in zip(_COUNTERS, effect, strict=True):
                if sign:
                    getattr(stock, name)[warehouse, slot] += sign * pieces
    return stock


def _moved_for_orders(table: Snapshot) -> tuple[Counter[tuple[str, _Place]], Counter[tuple[str, _Place]]]:
    """Pieces held and not released or issued, and pieces issued, by order and place."""
    held, issued = Counter[tuple[str, _Place]](), Counter[tuple[str, _Place]]()
    for item in table.all(MovementItem):
        sign = Move(item.move).effect.held
        if not sign:
            continue
        # Holds name the order's step, `D0001-000123 4.0`, what left its shipment, `D0001-000123-S01`.
        left = item.move == Move.ISSUE
        order_id = item.reference.rpartition("-")[0] if left else item.reference.partition(" ")[0]
        for slot, pieces in item.by_slot.items():
            place = warehouse_of(item), slot
            held[order_id, place] += sign * pieces
            issued[order_id, place] += pieces if left else 0
    return held, issued


def _name(place: _Place) -> str:
    warehouse, number = place
    shelf, position = Slot.of(number)
    return f"{warehouse} shelf {shelf} position {position}"
