"""Goods leave one warehouse for another: gone here at once, expected there until a receipt names them."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.table import Transaction, TransactionRefused
from kernel.time import clock
from services.orders import inbound, stock
from services.orders.api import StockDocument, TransferStock
from services.orders.commands.expect_goods import check_day
from services.orders.domain import Move
from services.orders.goods import resolve_lines, shortage_problems
from services.orders.table.stock import StockDocumentItem, document_key
from services.orders.views import document_view

_DOCUMENT = "transfer"


def transfer_stock(caller: Principal, request: TransferStock, key: IdempotencyKey) -> StockDocument:
    """Send available pieces to another warehouse, all lines or none: its reference counts once at either end for ever.

    Raises:
        Invalid: unknown SKUs, more sent than is available, a day that is over, or one warehouse at both ends.
        Refusal: the transfer was booked before, or touches too many buckets for one.
    """
    if request.from_warehouse == request.to_warehouse:
        detail = "须为另一仓 / must be another warehouse"
        raise Invalid([FieldProblem(field="to_warehouse", code="repeated", detail=detail)])
    check_day(request.expected_on)
    goods = resolve_lines(request.lines)
    document = StockDocumentItem(
        *document_key(request.from_warehouse, _DOCUMENT, request.reference),
        document=_DOCUMENT,
        made_at=clock.stamp(),
        made_by=caller.name,
        reason=request.reason,
        to_warehouse=request.to_warehouse,
        lines=[list(row) for row in goods.by_sku.items()],
    )
    transaction = Transaction()
    cause = stock.Cause(f"{_DOCUMENT} {request.reference}", caller.name)
    stock.move(transaction, Move.SEND, request.from_warehouse, goods.by_sku_index, cause)
    transaction.create(document, "document")
    transaction.create(stock.removal(request.from_warehouse, _DOCUMENT, request.reference, goods.by_sku_index), "event")
    inbound.change(
        transaction,
        inbound.Delivery(request.to_warehouse, request.reference, None, 0),
        [(sku, goods.sku_indexes[sku], pieces) for sku, pieces in goods.by_sku.items()],
        request.expected_on.isoformat(),
        reason=request.reason,
        by=caller.name,
    )
    answer = document_view(document)
    key.record_response(transaction, answer)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if key.LABEL in refused:
            raise  # the key was used before: the caller gets that answer
        if {"document", inbound.LABEL, inbound.EVENT_LABEL} & refused.refused.keys():
            raise Refusal(
                "already-booked", "该调拨单号已用过 / this number was used before, here or where the goods go"
            ) from refused
        there = stock.available_by_sku_index(stock.refused_buckets(refused), goods.by_sku_index)
        short = {sku_index: pieces for sku_index, pieces in there.items() if pieces < goods.by_sku_index[sku_index]}
        detail = "可用 {there} 件 / only {there} pieces are available"
        raise Invalid(
            shortage_problems(request.lines, goods, short, "not-there", detail), code="not-there"
        ) from refused
    return answer
