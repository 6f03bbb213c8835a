"""Invariants of orders, stock, backorders, shipments and credit."""

from services.orders.allocation.items import AllocationRunItem, GrantItem
from services.orders.credit.items import AppliedLedgerEventItem
from services.orders.invariants import backorders, credit, history, orders, shipments, stock, touch_time
from services.orders.order.items import LinesItem
from services.orders.stock.items import MovementItem
from services.orders.stock_documents.items import GoodsReceiptItem, StockDocumentItem
from services.orders.touch_time.items import OrderOpenedItem, OrderTouchTimeItem
from services.orders.worklist.items import DayReportItem

ALWAYS = (
    *stock.ALWAYS,
    *orders.ALWAYS,
    *backorders.ALWAYS,
    *history.ALWAYS,
    *shipments.ALWAYS,
    *credit.ALWAYS,
    *touch_time.ALWAYS,
)
WHEN_DUE = (*stock.WHEN_DUE, *history.WHEN_DUE, *shipments.WHEN_DUE, *credit.WHEN_DUE)
WRITTEN_ONCE = (
    LinesItem,
    GoodsReceiptItem,
    MovementItem,
    StockDocumentItem,
    AllocationRunItem,
    GrantItem,
    AppliedLedgerEventItem,
    OrderOpenedItem,
    OrderTouchTimeItem,
    DayReportItem,
)
