"""Triggers of orders: routes for dealers and staff, queues and schedules, in the order of an order's life."""

from http import HTTPStatus

from contracts.orders import OrderShipmentVoided, OrderShipped, OrderSubmitted
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import DocumentNumber
from kernel.http.principal import STAFF_ROLES, Principal, Role
from kernel.messaging.events import Envelope
from services.orders import stock_routes, sweep, warehouse_queue
from services.orders.allocation import show_allocations as allocations
from services.orders.allocation.api import AllocationList
from services.orders.credit import update_credit as credit
from services.orders.credit_gate import hold_if_refused_for_credit
from services.orders.delivery import change_delivery_address as delivery
from services.orders.delivery.api import ChangeDeliveryAddress
from services.orders.intake import submit_order as intake
from services.orders.intake.api import SubmitOrder
from services.orders.on_time import on_time_rate
from services.orders.on_time.api import OnTimeQuery, OnTimeReport
from services.orders.order.api import OrderConfirmation, OrderSummary, ReasonRequest
from services.orders.order.lifecycle import Action, roles_allowed
from services.orders.order_list import list_orders as order_list
from services.orders.order_list import record_order_entry as order_entries
from services.orders.order_list.api import OrderPage, OrdersQuery
from services.orders.quotes import quote_order as quotes
from services.orders.quotes.api import Quote, QuoteOrder
from services.orders.reservation import extend_reservation as extension
from services.orders.review import cancel_lines as line_cancellation
from services.orders.review import cancel_order as cancellation
from services.orders.review import review_order
from services.orders.review.api import Approve, CancelLines
from services.orders.service import EVERYONE, app
from services.orders.settlement import report_short_pick as short_picks
from services.orders.settlement.api import ShortPick
from services.orders.shipping import ship_order
from services.orders.shipping import show_shipment as one_shipment
from services.orders.shipping import void_shipment as shipment_void
from services.orders.shipping.api import Ship, ShipmentConfirmation, ShipmentList, ShipmentView, VoidedShipment
from services.orders.staff_routes import record_touch_time, report_day
from services.orders.tracking import read_orders
from services.orders.tracking.api import OrderView, ReviewQuery, Timeline

__all__ = ["app", "record_touch_time", "report_day", "stock_routes"]

BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})


@app.operation(
    "POST",
    "/orders",
    roles=BUYERS,
    status=HTTPStatus.ACCEPTED,
    summary="提交订单 / Submit an order",
    check=intake.check_order,
)
def submit_order(caller: Principal, body: SubmitOrder, key: IdempotencyKey) -> OrderConfirmation:
    return intake.submit_order(caller, body, key)


# It writes nothing, so it takes no key.
@app.operation(
    "POST",
    "/orders/quote",
    roles=BUYERS | STAFF_ROLES,
    summary="试算订单 / Quote an order: prices, stock, promise dates, credit",
    check=quotes.check_quote,
)
def quote_order(caller: Principal, body: QuoteOrder) -> Quote:
    return quotes.quote_order(caller, body)


# A short timeout: the queue hides a dead worker's messages for six times as long, and staff should see an order within
# a minute even then.
@app.consumer(fifo=True, batch_size=10, timeout_seconds=10)
def reserve_stock(message: Envelope) -> None:
    warehouse_queue.handle(message)


@app.consumer(fifo=True, batch_size=10, timeout_seconds=10)
def reserve_urgent_stock(message: Envelope) -> None:
    warehouse_queue.handle(message)


@app.consumer(subscribes=[OrderSubmitted])
def record_order_entries(message: Envelope) -> None:
    order_entries.record_order_entry(message)


@app.periodic(minutes=1)
def sweep_orders() -> None:
    sweep.sweep_orders()


@app.operation("GET", "/orders", roles=EVERYONE, summary="订单列表 / List orders")
def list_orders(caller: Principal, query: OrdersQuery) -> OrderPage:
    return order_list.list_orders(caller, query)


@app.operation("GET", "/orders/{order_id}", roles=EVERYONE, summary="订单详情 / Show an order")
def show_order(caller: Principal, order_id: DocumentNumber) -> OrderView:
    return read_orders.show_order(caller, order_id)


@app.operation(
    "GET", "/orders/{order_id}/timeline", roles=EVERYONE, summary="订单进度 / Show what happened to an order"
)
def show_timeline(caller: Principal, order_id: DocumentNumber) -> Timeline:
    return read_orders.show_timeline(caller, order_id)


@app.operation("GET", "/review-queue", roles=STAFF_ROLES, summary="待处理订单 / List orders that wait")
def review_queue(caller: Principal, query: ReviewQuery) -> OrderPage:
    return order_list.review_queue(caller, query)


@app.operation(
    "POST",
    "/orders/{order_id}/holds/{hold}/release",
    roles=roles_allowed(Action.RELEASE_HOLD),
    summary="解除冻结 / Take a hold off an order",
)
def release_hold(
    caller: Principal, order_id: DocumentNumber, hold: str, body: ReasonRequest, key: IdempotencyKey
) -> OrderSummary:
    return review_order.release_hold(caller, order_id, hold, body, key)


@app.operation(
    "POST", "/orders/{order_id}/approve", roles=roles_allowed(Action.APPROVE), summary="审核通过 / Approve an order"
)
def approve_order(caller: Principal, order_id: DocumentNumber, body: Approve, key: IdempotencyKey) -> OrderSummary:
    with hold_if_refused_for_credit(order_id):
        return review_order.approve_order(caller, order_id, body, key)


@app.operation(
    "POST", "/orders/{order_id}/reject", roles=roles_allowed(Action.REJECT), summary="驳回订单 / Reject an order"
)
def reject_order(caller: Principal, order_id: DocumentNumber, body: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    return review_order.reject_order(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/extend-reservation",
    roles=roles_allowed(Action.EXTEND_RESERVATION),
    summary="续期预留 / Extend the reservation of an order",
)
def extend_reservation(
    caller: Principal, order_id: DocumentNumber, body: ReasonRequest, key: IdempotencyKey
) -> OrderSummary:
    return extension.extend_reservation(caller, order_id, body, key)


@app.operation(
    "GET",
    "/orders/{order_id}/allocations",
    roles=EVERYONE,
    summary="缺货分配 / Show an order's queue position and what it was allocated, and why",
)
def show_allocations(caller: Principal, order_id: DocumentNumber) -> AllocationList:
    return allocations.show_allocations(caller, order_id)


@app.operation(
    "POST",
    "/orders/{order_id}/cancel",
    roles=roles_allowed(Action.CANCEL),
    summary="取消订单 / Cancel what was not shipped",
)
def cancel_order(caller: Principal, order_id: DocumentNumber, body: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    return cancellation.cancel_order(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/lines/cancel",
    roles=roles_allowed(Action.CANCEL_LINES),
    summary="取消订单行 / Cancel unshipped pieces of some lines",
)
def cancel_lines(caller: Principal, order_id: DocumentNumber, body: CancelLines, key: IdempotencyKey) -> OrderSummary:
    return line_cancellation.cancel_lines(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/short-picks",
    roles=roles_allowed(Action.REPORT_SHORT_PICK),
    summary="登记拣货短缺 / Report reserved pieces that are not in their place",
)
def report_short_pick(
    caller: Principal, order_id: DocumentNumber, body: ShortPick, key: IdempotencyKey
) -> OrderSummary:
    return short_picks.report_short_pick(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/delivery-address",
    roles=roles_allowed(Action.CHANGE_DELIVERY_ADDRESS),
    summary="变更收货地址 / Change the delivery address of an order of which nothing has left",
)
def change_delivery_address(
    caller: Principal, order_id: DocumentNumber, body: ChangeDeliveryAddress, key: IdempotencyKey
) -> OrderSummary:
    return delivery.change_delivery_address(caller, order_id, body, key)


@app.operation(
    "POST",
    "/orders/{order_id}/shipments",
    roles=roles_allowed(Action.SHIP),
    status=HTTPStatus.CREATED,
    summary="发货 / Ship reserved goods, in full or in part",
)
def create_shipment(
    caller: Principal, order_id: DocumentNumber, body: Ship, key: IdempotencyKey
) -> ShipmentConfirmation:
    with hold_if_refused_for_credit(order_id):
        return ship_order.ship_order(caller, order_id, body, key)


@app.operation("GET", "/orders/{order_id}/shipments", roles=EVERYONE, summary="发货记录 / List an order's shipments")
def list_shipments(caller: Principal, order_id: DocumentNumber) -> ShipmentList:
    return ship_order.list_shipments(caller, order_id)


@app.operation(
    "GET",
    "/orders/{order_id}/shipments/{shipment_id}",
    roles=EVERYONE,
    summary="发货明细 / Show a shipment with its lines",
)
def show_shipment(caller: Principal, order_id: DocumentNumber, shipment_id: str) -> ShipmentView:
    return one_shipment.show_shipment(caller, order_id, shipment_id)


@app.operation(
    "POST",
    "/orders/{order_id}/shipments/{shipment_id}/void",
    roles=roles_allowed(Action.VOID_SHIPMENT),
    summary="作废发货 / Void a shipment that never left",
)
def void_shipment(
    caller: Principal, order_id: DocumentNumber, shipment_id: str, body: ReasonRequest, key: IdempotencyKey
) -> VoidedShipment:
    return shipment_void.void_shipment(caller, order_id, shipment_id, body, key)


@app.consumer(subscribes=[OrderShipped, OrderShipmentVoided])
def record_on_time_shipments(message: Envelope) -> None:
    on_time_rate.record_on_time_shipment(message)


@app.operation("GET", "/on-time-rate", roles=EVERYONE, summary="履约率 / Show the on-time rate")
def show_on_time_rate(caller: Principal, query: OnTimeQuery) -> OnTimeReport:
    return on_time_rate.show_on_time_rate(caller, query)


@app.consumer(subscribes=[OrderShipped, PaymentPosted, JournalReversed])
def update_credit(message: Envelope) -> None:
    credit.update_credit(message)
