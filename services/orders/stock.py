"""Moving stock: per shelf one conditional update, and the movement that says why, in the transaction it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.stock import (
    SLOTS_PER_SHELF,
    QuarantineItem,
    ShelfItem,
    Slot,
    StockArrived,
    StockRemoved,
    quarantine_key,
    shelf_key,
)
from kernel import clock
from kernel.outbox import Command, EventItem, announcement
from kernel.table import Key, Transaction, TransactionRefused, fetch
from services.orders.domain import Move
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

    Only once per warehouse and transaction, for an item can be written only once in it. The shelves must exist.
    """
    move_several(transaction, warehouse, {kind: pieces}, cause)


def move_several(
    transaction: Transaction,
    warehouse: str,
    moves: Mapping[Move, Pieces],
    cause: Cause,
    as_read: Mapping[int, tuple[int, int]] | None = None,
) -> None:
    """As `move`, several kinds at once, each a movement of its own.

    Args:
        as_read: by slot, pieces available and held that must be there unchanged; of slots that move.
    """
    on_shelves: dict[int, list[_Step]] = defaultdict(list)
    aside: dict[int, list[_Step]] = defaultdict(list)
    for kind, pieces in moves.items():
        moved = {slot: quantity for slot, quantity in sorted(pieces.items()) if quantity}
        available, held, quarantined = kind.effect
        for slot, quantity in moved.items():
            shelf, position = divmod(slot, SLOTS_PER_SHELF)
            if available:
                on_shelves[shelf].append(("a", position, available * quantity))
            if held:
                on_shelves[shelf].append(("h", position, held * quantity))
            if quarantined:
                aside[shelf].append(("q", position, quarantined * quantity))
        if moved:
            _record(transaction, kind, warehouse, moved, cause)
    unchanged: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for slot, counters in (as_read or {}).items():
        unchanged[slot // SLOTS_PER_SHELF].append((slot % SLOTS_PER_SHELF, *counters))
    for shelf, steps in on_shelves.items():
        _change(transaction, shelf_key(warehouse, shelf), steps, unchanged.get(shelf, ()), f"{_LABEL}{shelf}")
    for shelf, steps in aside.items():
        _change(transaction, quarantine_key(warehouse, shelf), steps, (), f"{_QUARANTINE_LABEL}{shelf}")


def arrival(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document made pieces available: whoever waits for them is served."""
    event = StockArrived(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _told(event, f"{warehouse}-{document}-{reference}")


def removal(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document took pieces that were available: fewer can be promised."""
    event = StockRemoved(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _told(event, f"out-{warehouse}-{document}-{reference}")


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
    return {slot: available for slot, (available, _) in counters_at(warehouse, slots).items()}


def counters_at(warehouse: str, slots: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Pieces available and held per slot just now, 0 where nothing ever came in; read consistently."""
    found = dict.fromkeys(sorted(set(slots)), (0, 0))
    shelves = fetch([shelf_key(warehouse, shelf) for shelf in sorted({Slot.of(number).shelf for number in found})])
    for number in found:
        shelf, position = Slot.of(number)
        item = shelves.get(shelf_key(warehouse, shelf))
        if isinstance(item, ShelfItem):
            found[number] = int(item.available[position]), int(item.held[position])
    return found


def refused_shelves(refusal: TransactionRefused) -> dict[int, list[int] | None]:
    """What is available on each shelf that refused, by position; None where the shelf does not exist."""
    return _refused(refusal, _LABEL, "available")


def refused_quarantine(refusal: TransactionRefused) -> dict[int, list[int] | None]:
    """What is set aside of each shelf that refused, by position; None where nothing ever was."""
    return _refused(refusal, _QUARANTINE_LABEL, "pieces")


def _refused(refusal: TransactionRefused, prefix: str, attribute: str) -> dict[int, list[int] | None]:
    return {
        int(label.removeprefix(prefix)): _counters(reason.item, attribute)
        for label, reason in refusal.refused.items()
        if label.startswith(prefix)
    }


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
_QUARANTINE_LABEL = "quarantine "


#: Pieces more or less in one counter: its attribute's short name in expressions, the position, and how many.
_Step = tuple[str, int, int]
_ATTRIBUTES = {"a": "available", "h": "held", "q": "pieces"}


def _record(transaction: Transaction, kind: Move, warehouse: str, moved: Pieces, cause: Cause) -> None:
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
        f"movement {kind}",
    )


def _change(
    transaction: Transaction, key: Key, steps: Sequence[_Step], unchanged: Sequence[tuple[int, int, int]], label: str
) -> None:
    """Written out, for 64 positions in PynamoDB's expressions cost more than the rest of a reservation.

    The limits hold: 64 positions of six digits make under 4 KB and 300 operators in each expression.
    """
    values = {f":{abs(pieces)}": abs(pieces) for _, _, pieces in steps}
    sets = [f"#{name}[{at}]=#{name}[{at}]{'+' if by > 0 else '-'}:{abs(by)}" for name, at, by in steps]
    enough = [f"#{name}[{at}]>=:{-by}" for name, at, by in steps if by < 0]
    names = {f"#{name}": _ATTRIBUTES[name] for name, _, _ in steps}
    if unchanged:
        # What is there as it was read is enough, too.
        enough = [f"#a[{at}]=:{available} AND #h[{at}]=:{held}" for at, available, held in unchanged]
        values |= {f":{pieces}": pieces for _, *both in unchanged for pieces in both}
        names |= {"#a": "available", "#h": "held"}
    condition = " AND ".join(enough) if enough else f"attribute_exists({next(iter(names))})"
    transaction.update_as_written(key, f"SET {','.join(sets)}", condition, names, values, label)


def _shelf(warehouse: str, shelf: int) -> ShelfItem:
    zeros = [0] * SLOTS_PER_SHELF
    return ShelfItem(*shelf_key(warehouse, shelf), available=zeros, held=list(zeros))


def _quarantine(warehouse: str, shelf: int) -> QuarantineItem:
    return QuarantineItem(*quarantine_key(warehouse, shelf), pieces=[0] * SLOTS_PER_SHELF)


def _counters(raw: dict[str, Any] | None, attribute: str) -> list[int] | None:
    return [int(counter["N"]) for counter in raw[attribute]["L"]] if raw else None


def _told(event: StockArrived | StockRemoved, subject: str) -> EventItem:
    return announcement(
        event,
        pk=f"STOCK#{event.warehouse}",
        subject=subject,
        sequence=1,
        command=Command(RESERVE_QUEUE, event.warehouse),
    )
