"""Transfer stock to another warehouse."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid, Refusal, raise_together
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.warehouses import warehouse_problems
from services.orders.inbound.deliveries import (
    DELIVERY_EVENT_LABEL,
    DELIVERY_LABEL,
    Delivery,
    change_delivery,
    check_expected_day,
)
from services.orders.stock.buckets import available_in_refused_buckets
from services.orders.stock.document_lines import DocumentLines, resolve_lines, shortage_problems
from services.orders.stock.move_stock import MovementCause, move_stock, stock_decreased_event
from services.orders.stock.rules import Move
from services.orders.stock_documents.api import TRANSFER, StockDocument, TransferStock
from services.orders.stock_documents.items import StockDocumentItem, document_key
from services.orders.stock_documents.views import document_view


def transfer_stock(caller: Principal, request: TransferStock, key: IdempotencyKey) -> StockDocument:
    """Send available pieces to another warehouse, all lines or none. Its reference counts once at either end.

    Raises:
        Invalid: a warehouse is unknown, the receiving one is no longer used or the same, SKUs are unknown, more is
            sent than available, or the day is over.
        Refusal: the transfer was posted before, or touches too many buckets.
    """
    goods = check_transfer(request)
    document = StockDocumentItem(
        *document_key(request.from_warehouse, TRANSFER, request.reference),
        document=TRANSFER,
        made_at=clock.stamp(),
        made_by=caller.name,
        reason=request.reason,
        to_warehouse=request.to_warehouse,
        lines=[list(row) for row in goods.by_sku.items()],
    )
    transaction = Transaction()
    cause = MovementCause(f"{TRANSFER} {request.reference}", caller.name)
    move_stock(transaction, Move.SEND, request.from_warehouse, goods.by_sku_index, cause)
    transaction.create(document, "document")
    transaction.create(
        stock_decreased_event(request.from_warehouse, TRANSFER, request.reference, goods.by_sku_index), "event"
    )
    change_delivery(
        transaction,
        Delivery(request.to_warehouse, request.reference, None, 0),
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
            raise  # the key was used before: the caller gets the recorded response
        if {"document", DELIVERY_LABEL, DELIVERY_EVENT_LABEL} & refused.reasons.keys():
            raise Refusal(
                "already-booked", "该调拨单号已用过 / this number was used before, here or where the goods go"
            ) from refused
        short = goods.short(available_in_refused_buckets(refused))
        detail = "可用 {available} 件 / only {available} pieces are available"
        raise Invalid(
            shortage_problems(request.lines, goods, short, "not-there", detail), code="not-there"
        ) from refused
    return answer


def check_transfer(body: TransferStock) -> DocumentLines:
    """Return the lines of a transfer, or refuse it; post nothing.

    Raises:
        Invalid: a warehouse is unknown, the receiving one is no longer used or the same, SKUs are unknown, or the day
            is over; names all fields.
        Refusal: the document touches too many buckets.
    """
    results = raise_together(
        lambda: _check_warehouses(body),
        lambda: check_expected_day(body.expected_on),
        lambda: resolve_lines(body.lines),
    )
    goods: DocumentLines = results[-1]
    return goods


def _check_warehouses(body: TransferStock) -> None:
    if body.from_warehouse == body.to_warehouse:
        detail = "须为另一仓 / must be another warehouse"
        raise Invalid([FieldProblem(field="to_warehouse", code="repeated", detail=detail)])
    # Goods can still be moved out of a warehouse that is no longer used.
    problems = warehouse_problems([("from_warehouse", body.from_warehouse)])
    problems += warehouse_problems([("to_warehouse", body.to_warehouse)], must_be_active=True)
    if problems:
        raise Invalid(problems)
