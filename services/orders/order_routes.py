"""Routes that change orders, in the order of an order's life."""

from http import HTTPStatus

from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import DocumentNumber
from kernel.http.principal import Principal
from services.orders.credit_gate import hold_if_refused_for_credit
from services.orders.delivery import change_delivery_address as delivery
from services.orders.delivery.api import ChangeDeliveryAddress
from services.orders.intake import submit_order as intake
from services.orders.intake.api import SubmitOrder
from services.orders.order.api import OrderConfirmation, OrderSummary, ReasonRequest
from services.orders.order.lifecycle import Action, roles_allowed
from services.orders.reservation import extend_reservation as extension
from services.orders.review import cancel_lines as line_cancellation
from services.orders.review import cancel_order as cancellation
from services.orders.review import review_order
from services.orders.review.api import Approve, CancelLines
from services.orders.service import BUYERS, app
from services.orders.settlement import report_short_pick as short_picks
from services.orders.settlement.api import ShortPick
from services.orders.shipping import ship_order
from services.orders.shipping import void_shipment as shipment_void
from services.orders.shipping.api import Ship, ShipmentConfirmation, VoidedShipment
from services.orders.touch_time import open_order as order_opening
from services.orders.touch_time.api import OrderOpened


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


# Opened once more, an order keeps its first opening, so the request takes no key.
@app.operation(
    "PUT",
    "/orders/{order_id}/opened",
    roles=roles_allowed(Action.APPROVE),
    summary="打开待审订单 / Record that the caller opened an order in review",
)
def open_order(caller: Principal, order_id: DocumentNumber) -> OrderOpened:
    return order_opening.open_order(caller, order_id)
