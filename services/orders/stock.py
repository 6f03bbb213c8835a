"""Moving stock: per bucket one conditional update, and the movement that says why, in the transaction it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.stock import (
    SKUS_PER_BUCKET,
    BucketPosition,
    QuarantineItem,
    StockBucketItem,
    StockDecreased,
    StockIncreased,
    quarantine_key,
    stock_bucket_key,
)
from kernel.base.problems import Busy
from kernel.messaging.outbox import Command, EventItem, outbox_event
from kernel.store.items import Key
from kernel.store.table import Transaction, TransactionRefused, fetch
from kernel.time import clock
from services.orders.domain import Move, reserved_by_sku_index
from services.orders.table.orders import RESERVE_QUEUE
from services.orders.table.reading import orders_with_reservations
from services.orders.table.stock import MovementItem, movements_pk

#: Pieces by sku_index number.
Pieces = Mapping[int, int]


class Cause(NamedTuple):
    """Why stock moves: the document or the step of an order (`reference`), and who did it, empty for the system."""

    reference: str
    by: str = ""


def move(transaction: Transaction, kind: Move, warehouse: str, pieces: Pieces, cause: Cause) -> None:
    """Let the transaction move pieces, if those it takes from are there, and record the movement.

    Only once per warehouse and transaction, for an item can be written only once in it. The buckets must exist.
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
        transaction.update_expression(stock_bucket_key(warehouse, bucket), *written, f"{_LABEL}{bucket}")
    for bucket, steps in aside.items():
        written = _expressions("pieces", steps, ())
        transaction.update_expression(quarantine_key(warehouse, bucket), *written, f"{_QUARANTINE_LABEL}{bucket}")


def record_reservation_carried_over(transaction: Transaction, warehouse: str, cause: Cause) -> None:
    """Let the transaction note that an order goes on holding what it holds while it goes on to its next state: whoever
    counts then finds it (`orders_with_reservations`)."""
    _record(transaction, Move.RESERVE, warehouse, {}, cause)


def arrival(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document made pieces available: whoever waits for them is served."""
    event = StockIncreased(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _event_for(event, f"{warehouse}-{document}-{reference}")


def removal(warehouse: str, document: str, reference: str, pieces: Pieces) -> EventItem:
    """What to announce when a document took pieces that were available: fewer can be promised."""
    event = StockDecreased(
        warehouse=warehouse,
        document=document,
        reference=reference,
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    return _event_for(event, f"out-{warehouse}-{document}-{reference}")


def ensure_buckets(warehouse: str, sku_indexes: Iterable[int], *, quarantine: bool = False) -> None:
    """Missing buckets are put up empty, each once: whoever comes second finds it standing."""
    buckets = sorted({BucketPosition.of(number).bucket for number in sku_indexes})
    wanted: dict[Key, StockBucketItem | QuarantineItem] = {
        stock_bucket_key(warehouse, one): _bucket(warehouse, one) for one in buckets
    }
    if quarantine:
        wanted |= {quarantine_key(warehouse, one): _quarantine(warehouse, one) for one in buckets}
    for key in wanted.keys() - fetch(wanted).keys():
        transaction = Transaction()
        transaction.create(wanted[key], "bucket")
        try:
            transaction.commit()
        except TransactionRefused:
            continue


def available_at(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, int]:
    """Pieces available per sku_index just now, 0 where nothing ever came in; read consistently."""
    found = dict.fromkeys(sorted(set(sku_indexes)), 0)
    buckets = fetch(
        [
            stock_bucket_key(warehouse, bucket)
            for bucket in sorted({BucketPosition.of(number).bucket for number in found})
        ]
    )
    for number in found:
        bucket, position = BucketPosition.of(number)
        item = buckets.get(stock_bucket_key(warehouse, bucket))
        if isinstance(item, StockBucketItem):
            found[number] = item.available[position]
    return found


class OnHand(NamedTuple):
    """Pieces in the house and fit for sale: free to promise, and held for orders."""

    available: int
    reserved: int


def on_hand_at(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, OnHand]:
    """What is on hand per sku_index. What is held is read order by order: of what happens meanwhile some may be seen."""
    available = available_at(warehouse, sku_indexes)
    reserved: Counter[int] = Counter()
    for order in orders_with_reservations(warehouse):
        reserved.update(reserved_by_sku_index(order.demands, order.progress))
    return {sku_index: OnHand(pieces, reserved[sku_index]) for sku_index, pieces in available.items()}


def consistent_on_hand_at(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, OnHand]:
    """What is on hand per sku_index at one moment: two looks in a row saw the same. As long as what is available stays as it
    was read, nothing but a shipment can have changed what is held, and that only lowers it: so nothing did.

    Raises:
        Busy: it kept changing.
    """
    sku_indexes = list(sku_indexes)
    seen = on_hand_at(warehouse, sku_indexes)
    for _ in range(_LOOKS):
        before, seen = seen, on_hand_at(warehouse, sku_indexes)
        if before == seen:
            return seen
    raise Busy


def refused_buckets(refusal: TransactionRefused) -> dict[int, list[int] | None]:
    """What is available on each bucket that refused, by position; None where the bucket does not exist."""
    return _refused(refusal, _LABEL, "available")


def refused_quarantine(refusal: TransactionRefused) -> dict[int, list[int] | None]:
    """What is set aside of each bucket that refused, by position; None where nothing ever was."""
    return _refused(refusal, _QUARANTINE_LABEL, "pieces")


def _refused(refusal: TransactionRefused, prefix: str, attribute: str) -> dict[int, list[int] | None]:
    return {
        int(label.removeprefix(prefix)): _counters(reason.item, attribute)
        for label, reason in refusal.refused.items()
        if label.startswith(prefix)
    }


def available_by_sku_index(buckets: Mapping[int, list[int] | None], wanted: Iterable[int]) -> dict[int, int]:
    """Of the wanted sku_indexes on these buckets, how many pieces are available."""
    found = {}
    for number in wanted:
        bucket, position = BucketPosition.of(number)
        if bucket in buckets:
            counters = buckets[bucket]
            found[number] = counters[position] if counters else 0
    return found


_LOOKS = 10
_LABEL = "bucket "
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


def _bucket(warehouse: str, bucket: int) -> StockBucketItem:
    return StockBucketItem(*stock_bucket_key(warehouse, bucket), available=[0] * SKUS_PER_BUCKET)


def _quarantine(warehouse: str, bucket: int) -> QuarantineItem:
    return QuarantineItem(*quarantine_key(warehouse, bucket), pieces=[0] * SKUS_PER_BUCKET)


def _counters(raw: dict[str, Any] | None, attribute: str) -> list[int] | None:
    return [int(counter["N"]) for counter in raw[attribute]["L"]] if raw else None


def _event_for(event: StockIncreased | StockDecreased, subject: str) -> EventItem:
    return outbox_event(
        event,
        pk=f"STOCK#{event.warehouse}",
        subject=subject,
        sequence=1,
        command=Command(RESERVE_QUEUE, event.warehouse),
    )
