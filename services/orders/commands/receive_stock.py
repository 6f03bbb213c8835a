"""Goods come in, and anyone of the staff can see what is there."""

from __future__ import annotations

from kernel.base.problems import Busy, FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.table import Transaction, TransactionRefused
from kernel.time import clock
from services.orders import inbound, stock
from services.orders.api import GoodsReceipt, ReceiveStock, StockLine, StockQuery, StockView
from services.orders.domain import Move
from services.orders.goods import Goods, products_in_query, resolve_lines
from services.orders.table.stock import GoodsReceiptItem

#: How often others may change what is expected before we give up.
_ROUNDS = 10


def receive_stock(caller: Principal, request: ReceiveStock, key: IdempotencyKey) -> GoodsReceipt:
    """Take goods in, all lines or none; the receipt is the movement's record.

    Raises:
        Invalid: unknown SKUs, or a delivery that is not expected; names the lines.
        Refusal: this delivery note was booked before, or touches too many buckets for one.
        Busy: others kept changing what is expected.
    """
    goods = resolve_lines(request.lines)
    stock.ensure_buckets(request.warehouse, goods.by_sku_index)
    for _ in range(_ROUNDS):
        try:
            return _book(caller, request, goods, key)
        except TransactionRefused as refused:
            if key.LABEL in refused:
                raise  # the key was used before: the caller gets that answer
            if "goods_receipt" in refused:
                raise Refusal("already-received", "该入库单已登记 / this delivery note was booked before") from refused
            if not {inbound.LABEL, inbound.EVENT_LABEL} & refused.refused.keys():
                raise
    raise Busy


def _book(caller: Principal, request: ReceiveStock, goods: Goods, key: IdempotencyKey) -> GoodsReceipt:
    goods_receipt = GoodsReceipt(
        warehouse=request.warehouse,
        reference=request.reference,
        received_at=clock.stamp(),
        skus=len(goods.by_sku),
        pieces=goods.pieces,
    )
    transaction = Transaction()
    document = f"goods_receipt {request.reference}"
    stock.move(transaction, Move.RECEIVE, request.warehouse, goods.by_sku_index, stock.Cause(document, caller.name))
    transaction.create(
        GoodsReceiptItem(
            f"STOCK#{request.warehouse}",
            f"GOODS_RECEIPT#{request.reference}",
            received_at=goods_receipt.received_at,
            received_by=caller.name,
            lines=[[line.sku, line.quantity] for line in request.lines],
        ),
        "goods_receipt",
    )
    transaction.create(
        stock.arrival(request.warehouse, "goods_receipt", request.reference, goods.by_sku_index), "event"
    )
    if request.expected:
        delivery = _expected(request.warehouse, request.expected)
        inbound.receive_delivery(transaction, delivery, goods.by_sku_index, reason=document, by=caller.name)
    key.record_response(transaction, goods_receipt)
    transaction.commit()
    return goods_receipt


def _expected(warehouse: str, reference: str) -> inbound.Delivery:
    delivery = inbound.load_delivery(warehouse, reference)
    if delivery.item is None:
        detail = "该到货不在途 / nothing is expected under this reference; check it, or receive without it"
        raise Invalid([FieldProblem(field="expected", code="not-expected", detail=detail)])
    return delivery


def show_stock(warehouse: str, query: StockQuery) -> StockView:
    """What is available and held of the SKUs asked for.

    Raises:
        Invalid: unknown SKUs, or more than 50.
    """
    products = products_in_query(query.skus)
    found = stock.on_hand_at(warehouse, [product.sku_index for product in products.values()])
    lines = []
    for sku, product in products.items():
        available, reserved = found[product.sku_index]
        lines.append(StockLine(sku=sku, available=available, reserved=reserved, on_hand=available + reserved))
    return StockView(warehouse=warehouse, as_of=clock.stamp(), stock=lines)
