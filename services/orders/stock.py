"""Moving stock: per shelf one conditional update, and the movement that says why, in the transaction it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

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
from kernel.items import Key
from kernel.outbox import Command, EventItem, announcement
from kernel.problems import Busy
from kernel.table import Transaction, TransactionRefused, fetch
from services.orders.domain import Move, held_by_slot
from services.orders.table.orders import RESERVE_QUEUE
from services.orders.table.reading import orders_that_hold
from services.orders.table.stock import MovementItem, movements_pk

#: Pieces by slot number.
Pieces = Mapping[int, int]


class Cause(NamedTuple):
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
    as_read: Pieces | None = None,
) -> None:
    """As `move`, several kinds at once, each a movement of its own.

    Args:
        as_read: pieces available that must be there unchanged, of slots that move.
    """
    on_shelves: dict[int, list[_Step]] = defaultdict(list)
    aside: dict[int, list[_Step]] = defaultdict(list)
    for kind, pieces in moves.items():
        moved = {slot: quantity for slot, quantity in sorted(pieces.items()) if quantity}
        for counters, effect in zip((on_shelves, aside), kind.effect, strict=True):
            for slot, quantity in moved.items() if effect else ():
                shelf, position = divmod(slot, SLOTS_PER_SHELF)
                counters[shelf].append((position, effect * quantity))
        if moved:
            _record(transaction, kind, warehouse, moved, cause)
    unchanged: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for slot, there in (as_read or {}).items():
        unchanged[slot // SLOTS_PER_SHELF].append((slot % SLOTS_PER_SHELF, there))
    for shelf, steps in on_shelves.items():
        written = _expressions("available", steps, unchanged.get(shelf, ()))
        transaction.update_as_written(shelf_key(warehouse, shelf), *written, f"{_LABEL}{shelf}")
    for shelf, steps in aside.items():
        written = _expressions("pieces", steps, ())
        transaction.update_as_written(quarantine_key(warehouse, shelf), *written, f"{_QUARANTINE_LABEL}{shelf}")


def note_hold(transaction: Transaction, warehouse: str, cause: Cause) -> None:
    """Let the transaction note that an order goes on holding what it holds while it goes on to its next state: whoever
    counts then finds it (`orders_that_hold`)."""
    _record(transaction, Move.HOLD, warehouse, {}, cause)


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
    found = dict.fromkeys(sorted(set(slots)), 0)
    shelves = fetch([shelf_key(warehouse, shelf) for shelf in sorted({Slot.of(number).shelf for number in found})])
    for number in found:
        shelf, position = Slot.of(number)
        item = shelves.get(shelf_key(warehouse, shelf))
        if isinstance(item, ShelfItem):
            found[number] = item.available[position]
    return found


class OnHand(NamedTuple):
    """Pieces in the house and fit for sale: free to promise, and held for orders."""

    available: int
    held: int


def on_hand_at(warehouse: str, slots: Iterable[int]) -> dict[int, OnHand]:
    """What is on hand per slot. What is held is read order by order: of what happens meanwhile some may be seen."""
    available = available_at(warehouse, slots)
    held: Counter[int] = Counter()
    for order in orders_that_hold(warehouse):
        held.update(held_by_slot(order.demands, order.progress))
    return {slot: OnHand(pieces, held[slot]) for slot, pieces in available.items()}


def settled_on_hand_at(warehouse: str, slots: Iterable[int]) -> dict[int, OnHand]:
    """What is on hand per slot at one moment: two looks in a row saw the same. As long as what is available stays as it
    was read, nothing but a shipment can have changed what is held, and that only lowers it: so nothing did.

    Raises:
        Busy: it kept changing.
    """
    slots = list(slots)
    seen = on_hand_at(warehouse, slots)
    for _ in range(_LOOKS):
        before, seen = seen, on_hand_at(warehouse, slots)
        if before == seen:
            return seen
    raise Busy


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
            found[number] = counters[position] if counters else 0
    return found


_LOOKS = 10
_LABEL = "shelf "
_QUARANTINE_LABEL = "quarantine "


#: A position, and how many pieces more or less.
_Step = tuple[int, int]


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


def _expressions(
    counters: str, steps: Sequence[_Step], unchanged: Sequence[tuple[int, int]]
) -> tuple[str, str, dict[str, int]]:
    """The update of one item's counters, its condition, and their values. Every counter that falls must have enough, or
    those named in `unchanged` as many pieces as it says.

    Written out, for in PynamoDB's expressions the positions of a shelf cost more than the rest of a reservation. The
    limits hold: 80 positions of seven digits make under 4 KB and 300 operators in each.
    """
    different = {by for _, by in steps}  # mostly few, so each is worded once
    values = {f":{abs(by)}": abs(by) for by in different}
    worded = {by: f"+:{by}" if by > 0 else f"-:{-by}" for by in different}
    sets = [f"{counters}[{at}]={counters}[{at}]{worded[by]}" for at, by in steps]
    enough = [f"{counters}[{at}]>=:{-by}" for at, by in steps if by < 0]
    if unchanged:
        # What is there as it was read is enough, too.
        enough = [f"{counters}[{at}]=:{there}" for at, there in unchanged]
        values |= {f":{there}": there for _, there in unchanged}
    return f"SET {','.join(sets)}", " AND ".join(enough) or f"attribute_exists({counters})", values


def _shelf(warehouse: str, shelf: int) -> ShelfItem:
    return ShelfItem(*shelf_key(warehouse, shelf), available=[0] * SLOTS_PER_SHELF)


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
