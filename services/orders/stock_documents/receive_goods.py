"""Post a goods receipt."""

from __future__ import annotations

from kernel.base.problems import Busy, FieldProblem, Invalid, raise_together
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.warehouses import require_warehouse, warehouse_names
from services.orders.doubles import DELIVERY_NOTE, require_confirmed
from services.orders.inbound.deliveries import (
    DELIVERY_EVENT_LABEL,
    DELIVERY_LABEL,
    Delivery,
    load_delivery,
    record_delivery_received,
)
from services.orders.stock.buckets import ensure_buckets
from services.orders.stock.document_lines import DocumentLines, resolve_lines
from services.orders.stock.move_stock import MovementCause, move_stock, stock_increased_event
from services.orders.stock.rules import Move
from services.orders.stock_documents.api import GoodsReceipt, ReceiveStock
from services.orders.stock_documents.delivery_notes import BookedNotes, load_booked_notes, receipt_id, receipt_key
from services.orders.stock_documents.items import GoodsReceiptItem

#: Attempts of a receipt whose delivery others keep changing.
_ROUNDS = 10


def receive_goods(caller: Principal, request: ReceiveStock, key: IdempotencyKey) -> GoodsReceipt:
    """Post a goods receipt, all lines or none.

    Raises:
        Invalid: the warehouse is unknown or no longer used, SKUs are unknown, or the delivery is not expected; names
            the lines.
        Refusal: this delivery note was posted before and no double is confirmed, or it touches too many buckets.
        Busy: others kept changing what is expected.
    """
    try:
        require_warehouse(request.warehouse, must_be_active=True)
        goods = resolve_lines(request.lines)
    except Invalid:
        check_receipt(request)
        raise
    ensure_buckets(request.warehouse, goods.by_sku_index)
    booked = BookedNotes(0, None)
    for _ in range(_ROUNDS):
        try:
            return _book(caller, request, goods, key, booked)
        except TransactionRefused as refused:
            if key.LABEL in refused:
                raise  # the key was used before: the caller gets the recorded response
            if "goods_receipt" in refused:
                # Usually a delivery note is new, so what exists is read only now.
                booked = load_booked_notes(request.warehouse, request.reference)
                require_confirmed(DELIVERY_NOTE, request.reference, booked.newest, confirmed=request.confirm_double)
                continue
            if not {DELIVERY_LABEL, DELIVERY_EVENT_LABEL} & refused.reasons.keys():
                raise
    raise Busy


def check_receipt(body: ReceiveStock) -> None:
    """Refuse a goods receipt of an unknown warehouse or product, or of a delivery that is not expected; post nothing.

    Raises:
        Invalid: names all fields.
        Refusal: the document touches too many buckets.
    """
    raise_together(
        lambda: require_warehouse(body.warehouse, must_be_active=True),
        lambda: resolve_lines(body.lines),
        lambda: body.expected and _expected(body.warehouse, body.expected),
    )


def _book(
    caller: Principal, request: ReceiveStock, goods: DocumentLines, key: IdempotencyKey, booked: BookedNotes
) -> GoodsReceipt:
    number = booked.number + 1
    receipt = receipt_id(request.reference, number)
    goods_receipt = GoodsReceipt(
        warehouse=request.warehouse,
        **warehouse_names(request.warehouse),
        reference=request.reference,
        double_of=booked.newest.document_id if booked.newest else None,
        received_at=clock.stamp(),
        skus=len(goods.by_sku),
        pieces=goods.pieces,
    )
    transaction = Transaction()
    document = f"goods_receipt {receipt}"
    move_stock(transaction, Move.RECEIVE, request.warehouse, goods.by_sku_index, MovementCause(document, caller.name))
    transaction.create(
        GoodsReceiptItem(
            *receipt_key(request.warehouse, request.reference, number),
            received_at=goods_receipt.received_at,
            received_by=caller.name,
            lines=[[line.sku, line.quantity] for line in request.lines],
        ),
        "goods_receipt",
    )
    transaction.create(stock_increased_event(request.warehouse, "goods_receipt", receipt, goods.by_sku_index), "event")
    if request.expected:
        delivery = _expected(request.warehouse, request.expected)
        record_delivery_received(transaction, delivery, goods.by_sku_index, reason=document, by=caller.name)
    key.record_response(transaction, goods_receipt)
    transaction.commit()
    return goods_receipt


def _expected(warehouse: str, reference: str) -> Delivery:
    delivery = load_delivery(warehouse, reference)
    if delivery.item is None:
        detail = "该到货不在途 / nothing is expected under this reference; check it, or receive without it"
        raise Invalid([FieldProblem(field="expected", code="not-expected", detail=detail)])
    return delivery
