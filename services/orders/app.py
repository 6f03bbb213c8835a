"""Triggers of orders: routes for dealers and staff, queues and schedules, in the order of an order's life."""

from http import HTTPStatus

from contracts.orders import OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from services.orders import sweep, warehouse_queue
from services.orders.allocation import publish_allocation_rule as allocation_rule
from services.orders.allocation import show_allocations as allocations
from services.orders.allocation.api import AllocationList, AllocationRuleView, PublishAllocationRule
from services.orders.credit import update_credit as credit
from services.orders.inbound import expect_delivery as deliveries
from services.orders.inbound.api import ExpectedDelivery, ExpectedHistory, ExpectedList, ExpectGoods
from services.orders.intake import submit_order as intake
from services.orders.intake.api import SubmitOrder
from services.orders.on_time import on_time_rate
from services.orders.on_time.api import OnTimeQuery, OnTimeReport
from services.orders.order.api import OrderConfirmation, OrderSummary, ReasonRequest
from services.orders.order.lifecycle import Action, roles_allowed
from services.orders.promises import show_available_to_promise as promises
from services.orders.promises.api import AvailableToPromise
from services.orders.reservation import extend_reservation as extension
from services.orders.review import cancel_order as cancellation
from services.orders.review import review_order
from services.orders.review.api import Approve
from services.orders.shipping import ship_order
from services.orders.shipping.api import Ship, ShipmentConfirmation, ShipmentList
from services.orders.sourcing import publish_sourcing_rule as sourcing_rule
from services.orders.sourcing.api import PublishSourcingRule, SourcingRuleView
from services.orders.stock import show_stock as stock
from services.orders.stock.api import StockQuery, StockView
from services.orders.stock_documents import adjust_stock, receive_goods, transfer_stock
from services.orders.stock_documents.api import AdjustStock, GoodsReceipt, ReceiveStock, StockDocument, TransferStock
from services.orders.tracking import read_orders
from services.orders.tracking.api import OrderPage, OrdersQuery, OrderView, ReviewQuery, Timeline

app = ServiceApp("orders")

EVERYONE = frozenset(Role)
BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})


@app.operation("POST", "/orders", roles=BUYERS, status=HTTPStatus.ACCEPTED, summary="提交订单 / Submit an order")
def submit_order(caller: Principal, body: SubmitOrder, key: IdempotencyKey) -> OrderConfirmation:
    return intake.submit_order(caller, body, key)


# A short timeout: the queue hides a dead worker's messages for six times as long, and staff should see an order within
# a minute even then.
@app.consumer(fifo=True, batch_size=10, timeout_seconds=10)
def reserve_stock(message: Envelope) -> None:
    warehouse_queue.handle(message)


@app.consumer(fifo=True, batch_size=10, timeout_seconds=10)
def reserve_urgent_stock(message: Envelope) -> None:
    warehouse_queue.handle(message)


@app.periodic(minutes=1)
def sweep_orders() -> None:
    sweep.sweep_orders()


@app.operation("GET", "/orders", roles=EVERYONE, summary="订单列表 / List orders")
def list_orders(caller: Principal, query: OrdersQuery) -> OrderPage:
    return read_orders.list_orders(caller, query)


@app.operation("GET", "/orders/{order_id}", roles=EVERYONE, summary="订单详情 / Show an order")
def show_order(caller: Principal, order_id: str) -> OrderView:
    return read_orders.show_order(caller, order_id)


@app.operation(
    "GET", "/orders/{order_id}/timeline", roles=EVERYONE, summary="订单进度 / Show what happened to an order"
)
def show_timeline(caller: Principal, order_id: str) -> Timeline:
    return read_orders.show_timeline(caller, order_id)


@app.operation("GET", "/review-queue", roles=STAFF_ROLES, summary="待处理订单 / List orders that wait")
def review_queue(caller: Principal, query: ReviewQuery) -> OrderPage:
    return read_orders.review_queue(caller, query)


@app.operation(
    "POST",
    "/orders/{order_id}/holds/{hold}/release",
    roles=roles_allowed(Action.RELEASE_HOLD),
    summary="解除冻结 / Take a hold off an order",
)
def release_hold(caller: Principal, order_id: str, hold: str, body: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    return review_order.release_hold(caller, order_id, hold, body, key)


@app.operation(
    "POST", "/orders/{order_id}/approve", roles=roles_allowed(Action.APPROVE), summary="审核通过 / Approve an order"
)
def approve_order(caller: Principal, order_id: str, body: Approve, key: IdempotencyKey) -> OrderSummary:
    return review_order.approve_order(caller, order_id, body, key)


@app.operation(
    "POST", "/orders/{order_id}/reject", roles=roles_allowed(Action.REJECT), summary="驳回订单 / Reject an order"
)
def reject_order(caller: Principal, order_id: str, body: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    return review_order.reject_order(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/extend-reservation",
    roles=roles_allowed(Action.EXTEND_RESERVATION),
    summary="续期预留 / Extend the reservation of an order",
)
def extend_reservation(caller: Principal, order_id: str, body: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    return extension.extend_reservation(caller, order_id, body, key)


@app.operation(
    "GET",
    "/orders/{order_id}/allocations",
    roles=EVERYONE,
    summary="缺货分配 / Show an order's queue position and what it was allocated, and why",
)
def show_allocations(caller: Principal, order_id: str) -> AllocationList:
    return allocations.show_allocations(caller, order_id)


@app.operation(
    "POST",
    "/orders/{order_id}/cancel",
    roles=roles_allowed(Action.CANCEL),
    summary="取消订单 / Cancel what was not shipped",
)
def cancel_order(caller: Principal, order_id: str, body: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    return cancellation.cancel_order(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/shipments",
    roles=roles_allowed(Action.SHIP),
    status=HTTPStatus.CREATED,
    summary="发货 / Ship reserved goods, in full or in part",
)
def create_shipment(caller: Principal, order_id: str, body: Ship, key: IdempotencyKey) -> ShipmentConfirmation:
    return ship_order.ship_order(caller, order_id, body, key)


@app.operation("GET", "/orders/{order_id}/shipments", roles=EVERYONE, summary="发货记录 / List an order's shipments")
def list_shipments(caller: Principal, order_id: str) -> ShipmentList:
    return ship_order.list_shipments(caller, order_id)


@app.operation(
    "POST",
    "/stock/goods-receipts",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="入库 / Take goods in",
    function="stock_api",
)
def create_goods_receipt(caller: Principal, body: ReceiveStock, key: IdempotencyKey) -> GoodsReceipt:
    return receive_goods.receive_goods(caller, body, key)


@app.operation(
    "POST",
    "/stock/adjustments",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="盘点与调整 / Count or correct stock",
    function="stock_api",
)
def create_stock_adjustment(caller: Principal, body: AdjustStock, key: IdempotencyKey) -> StockDocument:
    return adjust_stock.adjust_stock(caller, body, key)


@app.operation(
    "POST",
    "/stock/transfers",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="调拨 / Send goods to another warehouse",
    function="stock_api",
)
def create_stock_transfer(caller: Principal, body: TransferStock, key: IdempotencyKey) -> StockDocument:
    return transfer_stock.transfer_stock(caller, body, key)


@app.operation(
    "GET",
    "/stock/expected/{warehouse}",
    roles=STAFF_ROLES,
    summary="在途查询 / Show what is expected",
    function="stock_api",
)
def list_expected_goods(warehouse: str) -> ExpectedList:
    return deliveries.list_expected(warehouse)


@app.operation(
    "GET",
    "/stock/expected/{warehouse}/{reference}",
    roles=STAFF_ROLES,
    summary="在途详情 / Show a delivery and how it changed",
    function="stock_api",
)
def show_expected_goods(warehouse: str, reference: str) -> ExpectedHistory:
    return deliveries.show_expected(warehouse, reference)


@app.operation(
    "PUT",
    "/stock/expected/{warehouse}/{reference}",
    roles={Role.WAREHOUSE, Role.ASSISTANT, Role.ADMIN},
    summary="登记在途 / Record, move or cancel an expected delivery",
    function="stock_api",
)
def set_expected_goods(caller: Principal, warehouse: str, reference: str, body: ExpectGoods) -> ExpectedDelivery:
    return deliveries.expect_delivery(caller, warehouse, reference, body)


@app.operation("GET", "/stock/{warehouse}", roles=STAFF_ROLES, summary="库存查询 / Show stock")
def show_stock(warehouse: str, query: StockQuery) -> StockView:
    return stock.show_stock(warehouse, query)


@app.operation(
    "GET",
    "/stock/{warehouse}/available-to-promise",
    roles=EVERYONE,
    summary="可承诺量 / Show what may be promised for which day",
)
def show_available_to_promise(caller: Principal, warehouse: str, query: StockQuery) -> AvailableToPromise:
    return promises.show_available_to_promise(caller, warehouse, query)


@app.consumer(subscribes=[OrderShipped])
def record_on_time_shipments(message: Envelope) -> None:
    on_time_rate.record_on_time_shipment(message)


@app.operation("GET", "/on-time-rate", roles=EVERYONE, summary="履约率 / Show the on-time rate")
def show_on_time_rate(query: OnTimeQuery) -> OnTimeReport:
    return on_time_rate.show_on_time_rate(query)


@app.operation(
    "GET",
    "/warehouses/{warehouse}/allocation-rule",
    roles=EVERYONE,
    summary="分配规则 / Show how a shortage is allocated",
)
def show_allocation_rule(warehouse: str) -> AllocationRuleView:
    return allocation_rule.show_allocation_rule(warehouse)


@app.operation(
    "PUT",
    "/warehouses/{warehouse}/allocation-rule",
    roles={Role.ADMIN},
    summary="发布分配规则 / Publish that rule",
    function="stock_api",
)
def publish_allocation_rule(caller: Principal, warehouse: str, body: PublishAllocationRule) -> AllocationRuleView:
    return allocation_rule.publish_allocation_rule(caller, warehouse, body)


@app.operation(
    "GET",
    "/warehouses/{warehouse}/sourcing-rule",
    roles=EVERYONE,
    summary="调拨顺序 / Which warehouses serve what one is short of",
)
def show_sourcing_rule(warehouse: str) -> SourcingRuleView:
    return sourcing_rule.show_sourcing_rule(warehouse)


@app.operation(
    "PUT",
    "/warehouses/{warehouse}/sourcing-rule",
    roles={Role.ADMIN},
    summary="发布调拨顺序 / Publish that order",
    function="stock_api",
)
def publish_sourcing_rule(caller: Principal, warehouse: str, body: PublishSourcingRule) -> SourcingRuleView:
    return sourcing_rule.publish_sourcing_rule(caller, warehouse, body)


@app.consumer(subscribes=[PaymentPosted, JournalReversed])
def update_credit(message: Envelope) -> None:
    credit.update_credit(message)
