"""Void a shipment that never left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.orders import OrderShipmentVoided
from kernel.base.problems import NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import event_history_with_records
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.order.api import ReasonRequest
from services.orders.order.change_order import change_order
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_order
from services.orders.order.rules import Progress
from services.orders.service_terms import reservation_end_stamp
from services.orders.shipping.api import VoidedShipment
from services.orders.shipping.rules import take_back_shipped_pieces
from services.orders.shipping.shipments import Shipment, unpack_shipments
from services.orders.shipping.views import voided_shipment
from services.orders.stock.move_stock import MovementCause, record_reservation_kept_in_next_state
from services.orders.vocabulary import State


def void_shipment(
    caller: Principal, order_id: str, shipment_id: str, request: ReasonRequest, key: IdempotencyKey
) -> VoidedShipment:
    """Void a shipment whose goods never left: they are reserved for the order again, and a closed order is open again.

    The order commits the value of these pieces a second time; the reversal of the shipment's journal, which follows
    from the event or was posted by hand, takes it back once.

    Raises:
        NotFound: there is no such order or shipment.
        Refusal: the order is neither confirmed nor closed, or on credit hold; the shipment is void already, or one of
            its lines was shipped again since.
    """
    order = load_order(order_id)
    require_allowed(Action.VOID_SHIPMENT, order.state, caller.roles)
    if order.header.is_on_credit_hold:
        raise Refusal(
            "credit-hold",
            "订单信用冻结,不可预留库存;请财务先解除冻结再作废 / "
            "the order is on credit hold and may reserve nothing; void the shipment once finance has released the hold",
        )
    shipment = _require_voidable(
        unpack_shipments(order.lines, event_history_with_records(order.header.pk, order_id)), shipment_id
    )
    transaction = Transaction()
    cause = MovementCause(order.next_step, caller.name)
    record_reservation_kept_in_next_state(transaction, order.header.warehouse, cause)
    transaction.update_fields(
        OrderingAccountItem,
        ordering_account_key(order.header.dealer_id),
        {},
        increments={"committed_fen": shipment.event.shipped_gross_fen},
        label="account",
    )
    changed = change_order(
        transaction,
        order,
        Action.VOID_SHIPMENT,
        OrderShipmentVoided,
        by=caller.name,
        facts=_facts(shipment, request.reason),
        progress=_progress_without(order, shipment),
        reserved_until=reservation_end_stamp(State.CONFIRMED, order.header.grade, clock.now()),
        warned=None,
    )
    answer = voided_shipment(shipment.event, changed.event)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def _require_voidable(shipments: Sequence[Shipment], shipment_id: str) -> Shipment:
    numbers = [shipment.event.shipment_id for shipment in shipments]
    if shipment_id not in numbers:
        raise NotFound
    at = numbers.index(shipment_id)
    shipment = shipments[at]
    if shipment.voided:
        raise Refusal(
            "already-voided",
            "该发货已作废 / this shipment is void already",
            voided_at=shipment.voided.voided_at,
            voided_by=shipment.voided.by,
        )
    for later in shipments[at + 1 :]:
        common = sorted(later.line_numbers & shipment.line_numbers)
        if common and not later.voided:
            # The value of the later one is the difference to this one, to the fen.
            number = later.event.shipment_id
            raise Refusal(
                "shipped-again",
                f"第 {common[0]} 行其后又发了 {number},请先作废 {number} / "
                f"line {common[0]} was shipped again with {number}; if that did not leave either, void it first",
                shipment_id=number,
                lines=common,
            )
    return shipment


def _progress_without(order: Order, shipment: Shipment) -> tuple[Progress, ...]:
    pieces = {line.line_no: line.quantity for line in shipment.lines}
    return tuple(
        take_back_shipped_pieces(line_progress, pieces.get(number, 0))
        for number, line_progress in enumerate(order.progress, 1)
    )


def _facts(shipment: Shipment, reason: str) -> dict[str, Any]:
    return {**shipment.event.model_dump(include=_OF_SHIPMENT), "voided_at": clock.stamp(), "reason": reason}


_OF_SHIPMENT = {
    "shipment_id",
    "shipped_pieces",
    "shipped_gross_fen",
    "shipped_net_fen",
    "shipped_tax_fen",
    "shipped_at",
    "payment_days",
    "carrier",
    "waybill",
}
