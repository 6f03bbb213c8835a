"""Post a count or an adjustment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import EventItem
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.warehouses import require_warehouse
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
from services.orders.stock.rules import Move, stock_count_differences
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
        Invalid: warehouse or SKUs are unknown, more is taken than available, or less is counted than reserved; names
            the lines.
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

    `expected`: available pieces by SKU index that a count relied on, which must be unchanged.
    """

    moves: Mapping[Move, Pieces]
    rows: Sequence[Sequence[str | int]]
    expected: Pieces | None = None


def _moved(request: AdjustStock, goods: DocumentLines) -> _Plan:
    return _Plan({_MOVES[request.kind]: goods.by_sku_index}, [[sku, pieces] for sku, pieces in goods.by_sku.items()])


def _counted(request: AdjustStock, goods: DocumentLines) -> _Plan:
    booked = consistent_on_hand_pieces(request.warehouse, goods.sku_indexes.values())
    reserved = {
        sku_index: reserved for sku_index, (_, reserved) in booked.items() if goods.by_sku_index[sku_index] < reserved
    }
    if reserved:
        detail = (
            "已为订单预留 {available} 件,请先释放或再点 / "
            "{available} pieces are reserved for orders; release some or recount"
        )
        raise Invalid(
            shortage_problems(request.lines, goods, reserved, "below-reserved", detail), code="below-reserved"
        )
    found, lost = stock_count_differences(goods.by_sku_index, booked)
    rows: list[list[str | int]] = []
    for sku, pieces in goods.by_sku.items():
        on_hand = sum(booked[goods.sku_indexes[sku]])
        rows.append([sku, pieces, on_hand, pieces - on_hand])
    expected = {sku_index: booked[sku_index].available for sku_index in found.keys() | lost.keys()}
    return _Plan({Move.FOUND: found, Move.LOST: lost}, rows, expected)


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
    transaction.create(document, "document")
    for number, event in enumerate(_event_for(request, plan)):
        transaction.create(event, f"event {number}")
    answer = document_view(document)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def _event_for(request: AdjustStock, plan: _Plan) -> list[EventItem]:
    """Return the events of the document. A count may increase and decrease stock."""
    told = []
    for move, pieces in plan.moves.items():
        if pieces and move.effect.available:
            say = stock_increased_event if move.effect.available > 0 else stock_decreased_event
            told.append(say(request.warehouse, request.kind, request.reference, pieces))
    return told


def _short(request: AdjustStock, goods: DocumentLines, refused: TransactionRefused) -> list[FieldProblem]:
    short = goods.short(available_in_refused_buckets(refused) | quarantined_in_refused_buckets(refused))
    detail = "现有 {available} 件 / only {available} pieces are there"
    return shortage_problems(request.lines, goods, short, "not-there", detail)
