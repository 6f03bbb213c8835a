"""Post a count or an adjustment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import EventItem
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.warehouses import require_warehouse
from services.orders.shortages.items import ShortageCause, ShortageItem, load_shortage, record_shortage
from services.orders.stock.buckets import (
    available_in_refused_buckets,
    ensure_buckets,
    quarantined_in_refused_buckets,
)
from services.orders.stock.document_lines import DocumentLines, resolve_lines, shortage_problems
from services.orders.stock.move_stock import (
    MovementCause,
    move_several_kinds_of_stock,
    stock_decreased_event,
    stock_increased_event,
)
from services.orders.stock.on_hand import consistent_on_hand_pieces
from services.orders.stock.rules import Move, split_lost_and_missing, stock_count_differences
from services.orders.stock_documents.api import AdjustmentKind, AdjustStock, StockDocument
from services.orders.stock_documents.items import StockDocumentItem, document_key
from services.orders.stock_documents.views import document_view
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION, Pieces

#: Attempts of a count whose stock others keep changing.
_ROUNDS = 10


_MOVES: Mapping[AdjustmentKind, Move] = {
    AdjustmentKind.FOUND: Move.FOUND,
    AdjustmentKind.LOST: Move.LOST,
    AdjustmentKind.SET_ASIDE: Move.SET_ASIDE,
    AdjustmentKind.CLEAR: Move.CLEAR,
    AdjustmentKind.SCRAP: Move.SCRAP,
}


def adjust_stock(caller: Principal, request: AdjustStock, key: IdempotencyKey) -> StockDocument:
    """Post a count or an adjustment, all lines or none. Its reference counts once per warehouse and kind.

    Raises:
        Invalid: warehouse or SKUs are unknown, or more is taken than available; names the lines. A count is an
            observation, so none is too low: reserved pieces that it lacks are missing, and a shortage is open.
        Refusal: the document was posted before, or touches too many buckets.
        Busy: others kept changing what was counted.
    """
    require_warehouse(request.warehouse)
    quarantine = request.kind is not AdjustmentKind.COUNT and bool(_MOVES[request.kind].effect.quarantined)
    goods = resolve_lines(request.lines, BUCKETS_PER_TRANSACTION // 2 if quarantine else BUCKETS_PER_TRANSACTION)
    ensure_buckets(request.warehouse, goods.sku_indexes.values(), quarantine=quarantine)
    for _ in range(_ROUNDS):
        plan = _counted(request, goods) if request.kind is AdjustmentKind.COUNT else _moved(request, goods)
        try:
            return _book(caller, request, plan, key)
        except TransactionRefused as refused:
            if key.LABEL in refused:
                raise  # the key was used before: the caller gets the recorded response
            if "document" in refused:
                raise Refusal("already-booked", "该单据已登记 / this document was booked before") from refused
            if plan.expected is None:
                raise Invalid(_short(request, goods, refused), code="not-there") from refused
    raise Busy


def check_adjustment(body: AdjustStock) -> None:
    """Refuse an adjustment of unknown products; post nothing.

    Raises:
        Invalid: names all lines.
        Refusal: the document touches too many buckets.
    """
    resolve_lines(body.lines)


class _Plan(NamedTuple):
    """Movements of a document, and its stored rows.

    `expected`: available pieces by SKU index that a count relied on, which must be unchanged; `missing`: SKUs by SKU
    index of which reserved pieces are missing; `shortage`: the one that was open before.
    """

    moves: Mapping[Move, Pieces]
    rows: Sequence[Sequence[str | int]]
    expected: Pieces | None = None
    missing: Mapping[int, str] = MappingProxyType({})
    shortage: ShortageItem | None = None


def _moved(request: AdjustStock, goods: DocumentLines) -> _Plan:
    return _Plan({_MOVES[request.kind]: goods.by_sku_index}, [[sku, pieces] for sku, pieces in goods.by_sku.items()])


def _counted(request: AdjustStock, goods: DocumentLines) -> _Plan:
    shortage = load_shortage(request.warehouse)
    booked = consistent_on_hand_pieces(request.warehouse, goods.sku_indexes.values())
    found, less = stock_count_differences(goods.by_sku_index, booked)
    lost, missing = split_lost_and_missing(less, booked)
    rows: list[list[str | int]] = []
    for sku, pieces in goods.by_sku.items():
        on_hand = sum(booked[goods.sku_indexes[sku]])
        rows.append([sku, pieces, on_hand, pieces - on_hand, missing.get(goods.sku_indexes[sku], 0)])
    expected = {sku_index: booked[sku_index].available for sku_index in found.keys() | less.keys()}
    plan = _Plan({Move.FOUND: found, Move.LOST: lost, Move.MISSING: missing}, rows, expected)
    return plan._replace(missing={sku_index: goods.skus[sku_index] for sku_index in missing}, shortage=shortage)


def _book(caller: Principal, request: AdjustStock, plan: _Plan, key: IdempotencyKey) -> StockDocument:
    document = StockDocumentItem(
        *document_key(request.warehouse, request.kind, request.reference),
        document=request.kind,
        made_at=clock.stamp(),
        made_by=caller.name,
        reason=request.reason,
        lines=plan.rows,
    )
    transaction = Transaction()
    cause = MovementCause(f"{request.kind} {request.reference}", caller.name)
    move_several_kinds_of_stock(transaction, request.warehouse, plan.moves, cause, plan.expected)
    if request.kind is AdjustmentKind.COUNT:
        _record_shortage(transaction, request, plan)
    transaction.create(document, "document")
    for number, event in enumerate(_event_for(request, plan)):
        transaction.create(event, f"event {number}")
    answer = document_view(document)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def _record_shortage(transaction: Transaction, request: AdjustStock, plan: _Plan) -> None:
    """Open a shortage of the missing pieces, or have an open one decided anew that the count changes."""
    changed = {sku_index for pieces in plan.moves.values() for sku_index in pieces}
    known = plan.shortage.by_sku_index if plan.shortage else {}
    if plan.missing or changed & known.keys():
        cause = ShortageCause(request.kind, request.reference, request.reason)
        record_shortage(transaction, request.warehouse, plan.shortage, plan.missing, cause)


def _event_for(request: AdjustStock, plan: _Plan) -> list[EventItem]:
    """Return the events of the document. A count may increase and decrease stock."""
    more: Counter[int] = Counter()
    less: Counter[int] = Counter()
    for move, pieces in plan.moves.items():
        if move.effect.available:
            (more if move.effect.available > 0 else less).update(pieces)
    events = [stock_increased_event(request.warehouse, request.kind, request.reference, more)] if more else []
    if less:
        events.append(stock_decreased_event(request.warehouse, request.kind, request.reference, less))
    return events


def _short(request: AdjustStock, goods: DocumentLines, refused: TransactionRefused) -> list[FieldProblem]:
    short = goods.short(available_in_refused_buckets(refused) | quarantined_in_refused_buckets(refused))
    detail = "现有 {available} 件 / only {available} pieces are there"
    return shortage_problems(request.lines, goods, short, "not-there", detail)
