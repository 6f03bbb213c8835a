"""Damages of stock counters, movements and stock documents."""

from __future__ import annotations

from contracts.stock import SKUS_PER_BUCKET, QuarantineItem, quarantine_key
from services.orders.inbound.items import ExpectedDeliveryItem, expected_key
from services.orders.shortages.items import ShortageItem, shortage_key
from services.orders.stock.items import MovementItem
from services.orders.stock_documents.items import StockDocumentItem, document_key
from tests.support.company_data import OWN, WAREHOUSE
from tests.tools.audit.table import BUCKET, Damage, Damages, TableCopy, all_of


def stock(position: int, *, available: int) -> Damage:
    """Add pieces to the counter of a SKU."""

    def damage(table: TableCopy) -> None:
        counters = table.item(BUCKET).available
        counters[position] = counters[position] + available
        table.update(BUCKET, available=counters)

    return damage


def movement(move: str, sku_index: int, reference: str = "unknown 1.0") -> Damage:
    """Record a movement of one piece for a named order or for another document."""

    def damage(table: TableCopy) -> None:
        order_id = table.ids.get((reference, OWN))
        document = f"{order_id} 9.0" if order_id else reference
        key = f"STOCK#{WAREHOUSE}#2026-11-23", f"9#{document}#{move}"
        table.put(MovementItem(*key, move=move, reference=document, by="", pieces=[[sku_index], [1]]))

    return damage


def document(kind: str, sku: str) -> Damage:
    """Add a document of one piece."""
    fields = {"document": kind, "made_at": "t", "made_by": "x", "reason": "r", "lines": [[sku, 1]]}
    return lambda table: table.put(StockDocumentItem(*document_key(WAREHOUSE, kind, "C-1"), **fields))


def _add_quarantined_piece(table: TableCopy) -> None:
    table.put(QuarantineItem(*quarantine_key(WAREHOUSE, 0), pieces=[1] + [0] * (SKUS_PER_BUCKET - 1)))


def _add_expected_delivery(table: TableCopy) -> None:
    delivery = ExpectedDeliveryItem(
        *expected_key(WAREHOUSE, "X"),
        reference="X",
        expected_on="2026-12-24",
        goods=[["L4", 3, 1]],
        version=1,
        changed_by="x",
        reason="r",
    )
    table.put(delivery)


def _open_shortage(sku_index: int) -> Damage:
    """Open a shortage of a SKU."""
    fields = {"document": "count C-0", "decisions": 0, "since": "2026-11-01T00:00:00.000Z"}
    causes = {str(sku_index): [f"L{sku_index + 1}", "count", "C-0", "r"]}
    return lambda table: table.put(ShortageItem(*shortage_key(WAREHOUSE), causes=causes, **fields))


DAMAGES: Damages = {
    "a counter is below zero": (
        all_of(stock(3, available=-1), movement("lost", 3, "lost C-1"), document("lost", "L4")),
        {"stock-negative"},
    ),
    "a counter is below zero, and another SKU is short": (
        all_of(stock(3, available=-1), movement("lost", 3, "lost C-1"), document("lost", "L4"), _open_shortage(2)),
        {"stock-negative", "shortage-open"},
    ),
    "a shortage is not settled": (_open_shortage(2), {"shortage-open"}),
    "a piece is reserved for no order": (
        all_of(stock(1, available=-1), movement("reserve", 1)),
        {"stock-conserved", "order-moved"},
    ),
    "a piece is missing without a movement": (stock(1, available=-1), {"stock-moved", "stock-conserved"}),
    "a piece is in quarantine without a movement": (_add_quarantined_piece, {"stock-moved", "stock-conserved"}),
    "a goods receipt moved more pieces than it lists": (
        all_of(stock(0, available=1), movement("receive", 0, "goods_receipt DN-1")),
        {"stock-document"},
    ),
    "a document moved no piece": (document("found", "L4"), {"stock-document"}),
    "an expected delivery has no event": (_add_expected_delivery, {"stock-expected"}),
}
