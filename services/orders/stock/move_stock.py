"""Move stock: one conditional update per bucket, one movement record, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.stock import SKUS_PER_BUCKET, StockDecreased, StockIncreased, quarantine_key, stock_bucket_key
from kernel.messaging.outbox import Command, EventItem, outbox_event
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.stock.buckets import BUCKET_LABEL, QUARANTINE_LABEL
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.stock.rules import Move
from services.orders.vocabulary import RESERVE_QUEUE, Pieces


class MovementCause(NamedTuple):
    """Cause of a movement: document or step of an order, and the person, empty for the system."""

    reference: str
    by: str = ""


def move_stock(transaction: Transaction, kind: Move, warehouse: str, pieces: Pieces, cause: MovementCause) -> None:
    """Add a stock movement to the transaction, with its record, under the condition that the pieces are available.

    Call it once per warehouse and transaction, because a transaction writes an item once. The buckets must exist.
    """
    move_several_kinds_of_stock(transaction, warehouse, {kind: pieces}, cause)


def move_several_kinds_of_stock(
    transaction: Transaction,
    warehouse: str,
    moves: Mapping[Move, Pieces],
    cause: MovementCause,
    expected: Pieces | None = None,
) -> None:
    """Add movements of several kinds to the transaction, each with its record.

    Args:
        expected: available pieces by SKU index that must be unchanged. MISSING needs all that it changes.
    """
    on_buckets: dict[int, dict[int, int]] = defaultdict(dict)
    aside: dict[int, dict[int, int]] = defaultdict(dict)
    for kind, pieces in moves.items():
        moved = {sku_index: quantity for sku_index, quantity in sorted(pieces.items()) if quantity}
        for counters, effect in zip((on_buckets, aside), kind.effect, strict=True):
            for sku_index, quantity in moved.items() if effect else ():
                bucket, position = divmod(sku_index, SKUS_PER_BUCKET)
                steps = counters[bucket]
                steps[position] = steps.get(position, 0) + effect * quantity
        if moved:
            _record(transaction, kind, warehouse, moved, cause)
    unchanged: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for sku_index, there in (expected or {}).items():
        unchanged[sku_index // SKUS_PER_BUCKET].append((sku_index % SKUS_PER_BUCKET, there))
    for bucket, steps in on_buckets.items():
        if not (changes := _changes(steps)):
            continue
        written = _expressions("available", changes, unchanged.get(bucket, ()))
        transaction.update_expression(stock_bucket_key(warehouse, bucket), *written, f"{BUCKET_LABEL}{bucket}")
    for bucket, steps in aside.items():
        written = _expressions("pieces", _changes(steps), ())
        transaction.update_expression(quarantine_key(warehouse, bucket), *written, f"{QUARANTINE_LABEL}{bucket}")


def record_reservation_kept_in_next_state(transaction: Transaction, warehouse: str, cause: MovementCause) -> None:
    """Record in the transaction that an order keeps its reservation in its next state.

    A count then finds the order although the index does not show it yet (`orders_with_reservations`).
    """
    _record(transaction, Move.RESERVE, warehouse, {}, cause)


#: Position in a bucket, and pieces added (or removed, if negative).
_Step = tuple[int, int]


def _changes(steps: Mapping[int, int]) -> list[_Step]:
    """Return the changed positions. Movements of two kinds may cancel each other out."""
    return [(position, by) for position, by in steps.items() if by]


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
    counters: str, changes: Sequence[_Step], unchanged: Sequence[tuple[int, int]]
) -> tuple[str, str, dict[str, int]]:
    """Return update expression, condition and values for the counters of one item.

    A counter that falls must be large enough, or equal to the figure in `unchanged`. Handwritten, because PynamoDB's
    expressions for the positions of a bucket cost more than the rest of a reservation. 80 positions of seven digits
    stay below DynamoDB's limits of 4 KB and 300 operators.
    """
    different = {by for _, by in changes}  # few differ, so each text is built once
    values = {f":{abs(by)}": abs(by) for by in different}
    worded = {by: f"+:{by}" if by > 0 else f"-:{-by}" for by in different}
    sets = [f"{counters}[{at}]={counters}[{at}]{worded[by]}" for at, by in changes]
    enough = [f"{counters}[{at}]>=:{-by}" for at, by in changes if by < 0]
    if unchanged:
        # A counter that is unchanged is also large enough.
        enough = [f"{counters}[{at}]={_name(there)}" for at, there in unchanged]
        values |= {_name(there): there for _, there in unchanged}
    return f"SET {','.join(sets)}", " AND ".join(enough) or f"attribute_exists({counters})", values


def _name(value: int) -> str:
    """Return the name of a value in an expression; names have no minus sign."""
    return f":{value}" if value >= 0 else f":below{-value}"


def stock_increased_event(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """Return the event of a document that made pieces available; backorders are then allocated."""
    event = StockIncreased(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _event_for(event, f"{warehouse}-{document}-{reference}")


def stock_decreased_event(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """Return the event of a document that took available pieces; promise dates are then renewed."""
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
