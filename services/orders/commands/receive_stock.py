"""Goods come in, and anyone of the staff can see what is there."""

from __future__ import annotations

from collections import defaultdict

from contracts.catalog import ProductItem, product_key
from contracts.stock import ShelfItem, Slot, shelf_key
from kernel import clock
from kernel.idempotency import IdempotencyKey
from kernel.principal import Principal
from kernel.problems import FieldProblem, Invalid, Refusal
from kernel.table import Transaction, TransactionRefused, fetch
from services.orders import stock
from services.orders.api import GoodsReceipt, ReceiveStock, StockLine, StockQuery, StockView
from services.orders.domain import SHELVES_PER_STEP, Move
from services.orders.table import GoodsReceiptItem

_MAX_ASKED = 50


def receive_stock(caller: Principal, request: ReceiveStock, key: IdempotencyKey) -> GoodsReceipt:
    """Take goods in, all lines or none; the receipt is the movement's record.

    Raises:
        Invalid: unknown SKUs; names the lines.
        Refusal: this delivery note was booked before, or touches too many shelves for one.
    """
    pieces = _pieces_by_slot(request)
    shelves = {Slot.of(number).shelf for number in pieces}
    if len(shelves) > SHELVES_PER_STEP:
        raise Refusal("too-many-shelves", "请拆分为多张入库单 / this note touches too many shelves; split it in two")
    stock.put_up_shelves(request.warehouse, pieces)
    receipt = GoodsReceipt(
        warehouse=request.warehouse,
        reference=request.reference,
        received_at=clock.stamp(),
        skus=len(pieces),
        pieces=sum(pieces.values()),
    )
    transaction = Transaction()
    cause = stock.Cause(f"receipt {request.reference}", caller.name)
    stock.move(transaction, Move.RECEIVE, request.warehouse, pieces, cause)
    transaction.create(
        GoodsReceiptItem(
            f"STOCK#{request.warehouse}",
            f"RECEIPT#{request.reference}",
            received_at=receipt.received_at,
            received_by=caller.name,
            lines=[[line.sku, line.quantity] for line in request.lines],
        ),
        "receipt",
    )
    transaction.create(stock.arrival(request.warehouse, "receipt", request.reference, pieces), "event")
    key.keep(transaction, receipt)
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if "receipt" in refused and key.LABEL not in refused:
            raise Refusal("already-received", "该入库单已登记 / this delivery note was booked before") from refused
        raise
    return receipt


def show_stock(warehouse: str, query: StockQuery) -> StockView:
    """What is available and held of the SKUs asked for.

    Raises:
        Invalid: unknown SKUs, or more than 50.
    """
    skus = list(dict.fromkeys(query.skus.split(",")))
    if len(skus) > _MAX_ASKED:
        raise Invalid(
            [FieldProblem(field="skus", code="too-many", detail=f"最多 {_MAX_ASKED} 个 / at most {_MAX_ASKED}")]
        )
    products = _products([("skus", sku) for sku in skus])
    shelves = {product.slot.shelf for product in products.values()}
    found = fetch([shelf_key(warehouse, shelf) for shelf in shelves])
    lines = []
    for sku in skus:
        slot = products[sku].slot
        shelf = found.get(shelf_key(warehouse, slot.shelf))
        available, held = (
            (int(shelf.available[slot.position]), int(shelf.held[slot.position]))
            if isinstance(shelf, ShelfItem)
            else (0, 0)
        )
        lines.append(StockLine(sku=sku, available=available, held=held, on_hand=available + held))
    return StockView(warehouse=warehouse, as_of=clock.stamp(), stock=lines)


def _pieces_by_slot(request: ReceiveStock) -> dict[int, int]:
    products = _products([(f"lines.{index}.sku", line.sku) for index, line in enumerate(request.lines)])
    pieces: dict[int, int] = defaultdict(int)
    for line in request.lines:
        pieces[int(products[line.sku].slot_number)] += line.quantity
    return dict(pieces)


def _products(asked: list[tuple[str, str]]) -> dict[str, ProductItem]:
    """Products by SKU; `asked` names the field each SKU stands in.

    Raises:
        Invalid: some are unknown.
    """
    found = fetch([product_key(sku) for _, sku in asked], consistent=False)
    products = {item.sku: item for item in found.values() if isinstance(item, ProductItem)}
    unknown = [
        FieldProblem(field=field, code="unknown-sku", detail="无此商品 / no such product; check the SKU")
        for field, sku in asked
        if sku not in products
    ]
    if unknown:
        raise Invalid(unknown)
    return products
