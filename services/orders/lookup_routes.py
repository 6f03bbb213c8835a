"""Routes that only read: orders, shipments, stock, warehouses, and what waits."""

from functools import partial

from kernel.http.models import DocumentNumber, Reference, WarehouseId
from kernel.http.principal import STAFF_ROLES, Principal
from services.orders.allocation import publish_allocation_rule as allocation_rule
from services.orders.allocation import show_allocations as allocations
from services.orders.allocation.api import AllocationList, AllocationRuleView
from services.orders.inbound import expect_delivery as deliveries
from services.orders.inbound.api import ExpectedHistory, ExpectedList
from services.orders.on_time import on_time_rate
from services.orders.on_time.api import OnTimeQuery, OnTimeReport
from services.orders.order_list import list_orders as order_list
from services.orders.order_list.api import OrderPage, OrdersQuery
from services.orders.promises import show_available_to_promise as promises
from services.orders.promises.api import AvailableToPromise
from services.orders.quotes import quote_order as quotes
from services.orders.quotes.api import Quote, QuoteOrder
from services.orders.service import BUYERS, EVERYONE, app
from services.orders.shipping import ship_order
from services.orders.shipping import show_shipment as one_shipment
from services.orders.shipping.api import ShipmentList, ShipmentView
from services.orders.sourcing import publish_sourcing_rule as sourcing_rule
from services.orders.sourcing.api import SourcingRuleView
from services.orders.stock import show_stock as stock
from services.orders.stock.api import StockListQuery, StockQuery, StockView
from services.orders.stock_list import list_movements as movements
from services.orders.stock_list import list_stock as stock_list
from services.orders.stock_list.api import MovementPage, MovementsQuery
from services.orders.touch_time import show_touch_time as touch_time
from services.orders.touch_time.api import TouchTimeQuery, TouchTimeReport
from services.orders.tracking import read_orders
from services.orders.tracking.api import OrderView, ReviewQuery, Timeline
from services.orders.warehouses import list_warehouses as warehouse_list
from services.orders.warehouses.api import WarehouseList
from services.orders.worklist import report_day as day_report
from services.orders.worklist import show_worklist as worklist
from services.orders.worklist.api import DayReports, DayReportsQuery, Worklist, WorklistQuery

# The function of these routes has no right to write.
route = partial(app.operation, function="lookup_api")


# It writes nothing, so it takes no key.
@route(
    "POST",
    "/orders/quote",
    roles=BUYERS | STAFF_ROLES,
    summary="试算订单 / Quote an order: prices, stock, promise dates, credit",
    check=quotes.check_quote,
)
def quote_order(caller: Principal, body: QuoteOrder) -> Quote:
    return quotes.quote_order(caller, body)


@route("GET", "/orders", roles=EVERYONE, summary="订单列表 / List orders")
def list_orders(caller: Principal, query: OrdersQuery) -> OrderPage:
    return order_list.list_orders(caller, query)


@route("GET", "/orders/{order_id}", roles=EVERYONE, summary="订单详情 / Show an order")
def show_order(caller: Principal, order_id: DocumentNumber) -> OrderView:
    return read_orders.show_order(caller, order_id)


@route("GET", "/orders/{order_id}/timeline", roles=EVERYONE, summary="订单进度 / Show what happened to an order")
def show_timeline(caller: Principal, order_id: DocumentNumber) -> Timeline:
    return read_orders.show_timeline(caller, order_id)


@route("GET", "/review-queue", roles=STAFF_ROLES, summary="待处理订单 / List orders that wait")
def review_queue(caller: Principal, query: ReviewQuery) -> OrderPage:
    return order_list.review_queue(caller, query)


@route(
    "GET",
    "/orders/{order_id}/allocations",
    roles=EVERYONE,
    summary="缺货分配 / Show an order's queue position and what it was allocated, and why",
)
def show_allocations(caller: Principal, order_id: DocumentNumber) -> AllocationList:
    return allocations.show_allocations(caller, order_id)


@route("GET", "/orders/{order_id}/shipments", roles=EVERYONE, summary="发货记录 / List an order's shipments")
def list_shipments(caller: Principal, order_id: DocumentNumber) -> ShipmentList:
    return ship_order.list_shipments(caller, order_id)


@route(
    "GET",
    "/orders/{order_id}/shipments/{shipment_id}",
    roles=EVERYONE,
    summary="发货明细 / Show a shipment with its lines",
)
def show_shipment(caller: Principal, order_id: DocumentNumber, shipment_id: str) -> ShipmentView:
    return one_shipment.show_shipment(caller, order_id, shipment_id)


@route("GET", "/on-time-rate", roles=EVERYONE, summary="履约率 / Show the on-time rate")
def show_on_time_rate(caller: Principal, query: OnTimeQuery) -> OnTimeReport:
    return on_time_rate.show_on_time_rate(caller, query)


@route("GET", "/worklist", roles=STAFF_ROLES, summary="待办清单 / List what waits for a person now")
def show_worklist(caller: Principal, query: WorklistQuery) -> Worklist:
    return worklist.show_worklist(caller, query)


@route("GET", "/day-reports", roles=STAFF_ROLES, summary="日终报告 / List what was due and not done by day")
def list_day_reports(caller: Principal, query: DayReportsQuery) -> DayReports:
    return day_report.list_day_reports(caller, query)


@route("GET", "/touch-time", roles=STAFF_ROLES, summary="处理用时 / Show the touch time of decided orders by day")
def show_touch_time(query: TouchTimeQuery) -> TouchTimeReport:
    return touch_time.show_touch_time(query)


@route("GET", "/stock/expected/{warehouse}", roles=STAFF_ROLES, summary="在途查询 / Show what is expected")
def list_expected_goods(warehouse: WarehouseId) -> ExpectedList:
    return deliveries.list_expected(warehouse)


@route(
    "GET",
    "/stock/expected/{warehouse}/{reference}",
    roles=STAFF_ROLES,
    summary="在途详情 / Show a delivery and how it changed",
)
def show_expected_goods(warehouse: WarehouseId, reference: Reference) -> ExpectedHistory:
    return deliveries.show_expected(warehouse, reference)


@route("GET", "/stock/{warehouse}", roles=STAFF_ROLES, summary="库存查询 / Show stock")
def show_stock(caller: Principal, warehouse: WarehouseId, query: StockListQuery) -> StockView:
    if query.skus is None:
        return stock_list.list_stock(caller, warehouse, query.cursor)
    return stock.show_stock(warehouse, query.skus, query.cursor)


@route("GET", "/stock/{warehouse}/movements", roles=STAFF_ROLES, summary="库存流水 / List the movements of a SKU")
def list_stock_movements(caller: Principal, warehouse: WarehouseId, query: MovementsQuery) -> MovementPage:
    return movements.list_movements(caller, warehouse, query)


@route(
    "GET",
    "/stock/{warehouse}/available-to-promise",
    roles=EVERYONE,
    summary="可承诺量 / Show what may be promised for which day",
)
def show_available_to_promise(caller: Principal, warehouse: WarehouseId, query: StockQuery) -> AvailableToPromise:
    return promises.show_available_to_promise(caller, warehouse, query)


@route("GET", "/warehouses", roles=EVERYONE, summary="仓库列表 / List the warehouses")
def list_warehouses(caller: Principal) -> WarehouseList:
    return warehouse_list.list_warehouses(caller)


@route(
    "GET",
    "/warehouses/{warehouse}/allocation-rule",
    roles=EVERYONE,
    summary="分配规则 / Show how a shortage is allocated",
)
def show_allocation_rule(warehouse: WarehouseId) -> AllocationRuleView:
    return allocation_rule.show_allocation_rule(warehouse)


@route(
    "GET",
    "/warehouses/{warehouse}/sourcing-rule",
    roles=EVERYONE,
    summary="调拨顺序 / Which warehouses serve what one is short of",
)
def show_sourcing_rule(warehouse: WarehouseId) -> SourcingRuleView:
    return sourcing_rule.show_sourcing_rule(warehouse)
