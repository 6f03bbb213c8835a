"""Move stock: one conditional update per bucket, one movement record, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.stock import SKUS_PER_BUCKET, StockDecreased, StockIncreased, quarantine_key, stock_bucket_key
from kernel.messaging.outbox import Command, EventItem, outbox_event
from kernel.store.table import Transaction
from kernel.time import clock
from services.orders.stock.buckets import BUCKET_LABEL, QUARANTINE_LABEL
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.stock.rules import Move
from services.orders.vocabulary import RESERVE_QUEUE, Pieces


class MovementCause(NamedTuple):
    """Why stock moves: the document or the step of an order (`reference`), and who did it, empty for the system."""

    reference: str
    by: str = ""


def move_stock(transaction: Transaction, kind: Move, warehouse: str, pieces: Pieces, cause: MovementCause) -> None:
    """Let the transaction move pieces, if those it takes from are there, and record the movement.

    Only once per warehouse and transaction, for an item can be written only once in it. The buckets must exist.
    """
    move_stock_kinds(transaction, warehouse, {kind: pieces}, cause)


def move_stock_kinds(
    transaction: Transaction,
    warehouse: str,
    moves: Mapping[Move, Pieces],
    cause: MovementCause,
    as_read: Pieces | None = None,
) -> None:
    """As `move_stock`, several kinds at once, each a movement of its own.

    Args:
        as_read: pieces available that must be there unchanged, of sku_indexes that move.
    """
    on_buckets: dict[int, list[_Step]] = defaultdict(list)
    aside: dict[int, list[_Step]] = defaultdict(list)
    for kind, pieces in moves.items():
        moved = {sku_index: quantity for sku_index, quantity in sorted(pieces.items()) if quantity}
        for counters, effect in zip((on_buckets, aside), kind.effect, strict=True):
            for sku_index, quantity in moved.items() if effect else ():
                bucket, position = divmod(sku_index, SKUS_PER_BUCKET)
                counters[bucket].append((position, effect * quantity))
        if moved:
            _record(transaction, kind, warehouse, moved, cause)
    unchanged: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for sku_index, there in (as_read or {}).items():
        unchanged[sku_index // SKUS_PER_BUCKET].append((sku_index % SKUS_PER_BUCKET, there))
    for bucket, steps in on_buckets.items():
        written = _expressions("available", steps, unchanged.get(bucket, ()))
        transaction.update_expression(stock_bucket_key(warehouse, bucket), *written, f"{BUCKET_LABEL}{bucket}")
    for bucket, steps in aside.items():
        written = _expressions("pieces", steps, ())
        transaction.update_expression(quarantine_key(warehouse, bucket), *written, f"{QUARANTINE_LABEL}{bucket}")


def record_reservation_carried_over(transaction: Transaction, warehouse: str, cause: MovementCause) -> None:
    """Let the transaction note that an order goes on holding what it holds while it goes on to its next state: whoever
    counts then finds it (`orders_with_reservations`)."""
    _record(transaction, Move.RESERVE, warehouse, {}, cause)


#: A position, and how many pieces more or less.
_Step = tuple[int, int]


def _record(transaction: Transaction, kind: Move, warehouse: str, moved: Pieces, cause: MovementCause) -> None:
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

    Written out, for in PynamoDB's expressions the positions of a bucket cost more than the rest of a reservation. The
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


def stock_increased_event(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document made pieces available: whoever waits for them is served."""
    event = StockIncreased(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _event_for(event, f"{warehouse}-{document}-{reference}")


def stock_decreased_event(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document took pieces that were available: fewer can be promised."""
    event = StockDecreased(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _event_for(event, f"out-{warehouse}-{document}-{reference}")


def _event_for(event: StockIncreased | StockDecreased, subject: str) -> EventItem:
    return outbox_event(
        event,
        pk=f"STOCK#{event.warehouse}",
        subject=subject,
        sequence=1,
        command=Command(RESERVE_QUEUE, event.warehouse),
    )
