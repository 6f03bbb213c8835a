"""Moving stock: per shelf one conditional update, and the movement that says why, in the transaction it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.stock import (
    SLOTS_PER_SHELF,
    QuarantineItem,
    ShelfItem,
    Slot,
    StockArrived,
    quarantine_key,
    shelf_key,
)
from kernel import clock
from kernel.outbox import Command, EventItem, announcement
from kernel.table import Key, Transaction, TransactionRefused, fetch
from services.orders.domain import Effect, Move
from services.orders.table import RESERVE_QUEUE, MovementItem, movements_pk

#: Pieces by slot number.
Pieces = Mapping[int, int]


@dataclass(frozen=True)
class Cause:
    """Why stock moves: the document or the step of an order (`reference`), and who did it, empty for the system."""

    reference: str
    by: str = ""


def move(transaction: Transaction, kind: Move, warehouse: str, pieces: Pieces, cause: Cause) -> None:
    """Let the transaction move pieces, if those it takes from are there, and record the movement.

    One kind of movement per warehouse and transaction: an item can be written only once in it. The shelves must exist.
    """
    moved = {slot: quantity for slot, quantity in sorted(pieces.items()) if quantity}
    if not moved:
        return
    for shelf, quantities in _by_shelf(moved).items():
        _move_on_shelf(transaction, shelf_key(warehouse, shelf), kind.effect, quantities, f"{_LABEL}{shelf}")
        if kind.effect.quarantined:
            change = [("q", "pieces", kind.effect.quarantined)]
            _change(transaction, quarantine_key(warehouse, shelf), change, quantities, f"quarantine {shelf}")
    moment = clock.stamp()
    transaction.create(
        MovementItem(
            movements_pk(warehouse, moment[:10]),
            f"{moment}#{cause.reference}#{kind}",
            move=kind,
            reference=cause.reference,
            by=cause.by,
            pieces=[list(moved), list(moved.values())],
        ),
        "movement",
    )


def arrival(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document made pieces available: whoever waits for them is served."""
    event = StockArrived(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    subject = f"{warehouse}-{document}-{reference}"
    return announcement(
        event, pk=f"STOCK#{warehouse}", subject=subject, sequence=1, command=Command(RESERVE_QUEUE, warehouse)
    )


def put_up_shelves(warehouse: str, slots: Iterable[int], *, quarantine: bool = False) -> None:
    """Missing shelves are put up empty, each once: whoever comes second finds it standing."""
    shelves = sorted({Slot.of(number).shelf for number in slots})
    wanted: dict[Key, ShelfItem | QuarantineItem] = {
        shelf_key(warehouse, one): _shelf(warehouse, one) for one in shelves
    }
    if quarantine:
        wanted |= {quarantine_key(warehouse, one): _quarantine(warehouse, one) for one in shelves}
    for key in wanted.keys() - fetch(wanted).keys():
        transaction = Transaction()
        transaction.create(wanted[key], "shelf")
        try:
            transaction.commit()
        except TransactionRefused:
            continue


def available_at(warehouse: str, slots: Iterable[int]) -> dict[int, int]:
    """Pieces available per slot just now, 0 where nothing ever came in; read consistently."""
    numbers = set(slots)
    shelves = {Slot.of(number).shelf for number in numbers}
    found = fetch([shelf_key(warehouse, shelf) for shelf in sorted(shelves)])
    counters = {
        shelf: item.available if isinstance(item := found.get(shelf_key(warehouse, shelf)), ShelfItem) else None
        for shelf in shelves
    }
    return available_by_slot(counters, numbers)


def refused_shelves(refusal: TransactionRefused) -> dict[int, list[int] | None]:
    """What is available on each shelf that refused, by position; None where the shelf does not exist."""
    found: dict[int, list[int] | None] = {}
    for label, reason in refusal.refused.items():
        if label.startswith(_LABEL):
            found[int(label.removeprefix(_LABEL))] = _available(reason.item)
    return found


def available_by_slot(shelves: Mapping[int, list[int] | None], wanted: Iterable[int]) -> dict[int, int]:
    """Of the wanted slots on these shelves, how many pieces are available."""
    found = {}
    for number in wanted:
        shelf, position = Slot.of(number)
        if shelf in shelves:
            counters = shelves[shelf]
            found[number] = int(counters[position]) if counters else 0
    return found


_LABEL = "shelf "

#: Short name in expressions, attribute and sign of each counter that changes.
_Counters = list[tuple[str, str, int]]


def _by_shelf(pieces: Pieces) -> dict[int, dict[int, int]]:
    by_shelf: dict[int, dict[int, int]] = defaultdict(dict)
    for number, quantity in pieces.items():
        shelf, position = Slot.of(number)
        by_shelf[shelf][position] = quantity
    return by_shelf


def _move_on_shelf(transaction: Transaction, key: Key, effect: Effect, pieces: Pieces, label: str) -> None:
    signs = [("a", "available", effect.available), ("h", "held", effect.held)]
    if changed := [counter for counter in signs if counter[2]]:
        _change(transaction, key, changed, pieces, label)


def _change(transaction: Transaction, key: Key, counters: _Counters, pieces: Pieces, label: str) -> None:
    """Written out, for 64 positions in PynamoDB's expressions cost more than the rest of a reservation.

    The limits hold: 64 positions of six digits make under 4 KB and 300 operators.
    """
    values = {f":{quantity}": quantity for quantity in pieces.values()}
    sets = [
        f"#{name}[{at}]=#{name}[{at}]{'+' if sign > 0 else '-'}:{quantity}"
        for at, quantity in pieces.items()
        for name, _, sign in counters
    ]
    enough = [
        f"#{name}[{at}]>=:{quantity}" for at, quantity in pieces.items() for name, _, sign in counters if sign < 0
    ]
    names = {f"#{name}": attribute for name, attribute, _ in counters}
    condition = " AND ".join(enough) if enough else f"attribute_exists(#{counters[0][0]})"
    transaction.update_as_written(key, f"SET {','.join(sets)}", condition, names, values, label)


def _shelf(warehouse: str, shelf: int) -> ShelfItem:
    zeros = [0] * SLOTS_PER_SHELF
    return ShelfItem(*shelf_key(warehouse, shelf), available=zeros, held=list(zeros))


def _quarantine(warehouse: str, shelf: int) -> QuarantineItem:
    return QuarantineItem(*quarantine_key(warehouse, shelf), pieces=[0] * SLOTS_PER_SHELF)


def _available(raw: dict[str, Any] | None) -> list[int] | None:
    return [int(counter["N"]) for counter in raw["available"]["L"]] if raw else None
