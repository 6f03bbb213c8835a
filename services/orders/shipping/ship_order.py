"""Ship reserved pieces of a confirmed order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.orders import OrderShipped
from kernel.base.problems import Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import event_history_with_records
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.credit.load_dealer_credit import load_order_and_dealer_credit
from services.orders.credit.obstacles import order_credit
from services.orders.credit.refusals import require_no_obstacle
from services.orders.delivery.items import address_facts, load_delivery_address, order_address
from services.orders.doubles import WAYBILL, require_confirmed
from services.orders.order.change_order import change_order
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_own_order
from services.orders.order.rules import has_nothing_left_to_ship
from services.orders.shipping.api import Ship, ShipmentConfirmation, ShipmentList
from services.orders.shipping.rules import pieces_by_line, ship_pieces, shipped_line
from services.orders.shipping.shipments import pack_shipment, unpack_shipments
from services.orders.shipping.views import shipment_confirmation, shipment_view
from services.orders.shipping.waybills import find_waybill, remember_waybill
from services.orders.shortages.require_no_shortage import require_no_shortage


def ship_order(caller: Principal, order_id: str, request: Ship, key: IdempotencyKey) -> ShipmentConfirmation:
    """Ship reserved pieces of a confirmed order: the requested ones, or all.

    Reserved pieces are no longer in the buckets, so one transaction that changes only the order is enough. Stock on
    hand counts reservations and falls with them.

    Raises:
        Refusal: the order is not confirmed, nothing is reserved, dealer or credit stop it, reserved pieces of a line
            are missing and it is not settled yet whose, or another shipment has its waybill and the double is not
            confirmed.
        Invalid: more is requested than reserved; names the lines.
    """
    order, dealer_credit = load_order_and_dealer_credit(order_id)
    require_allowed(Action.SHIP, order.state, caller.roles)
    # No condition at the commit: it would cost half as much again, and a suspension within these milliseconds does
    # not differ from one after them.
    require_no_obstacle(Action.SHIP, order_credit(order), dealer_credit)
    leaving = _leaving(order, request)
    if not leaving:
        raise Refusal(
            "nothing-to-ship", "没有可发的库存 / nothing is reserved for this order; wait for stock or cancel the rest"
        )
    require_no_shortage(order, leaving)
    double_of = require_confirmed(
        WAYBILL, request.waybill, find_waybill(order, request.waybill), confirmed=request.confirm_double
    )
    progress = tuple(
        ship_pieces(line_progress, leaving.get(number, 0)) for number, line_progress in enumerate(order.progress, 1)
    )
    shipments = order.header.shipments + 1
    facts = _facts(order, request, leaving, shipments) | {
        "complete": has_nothing_left_to_ship(order.lines, progress),
        "double_of": double_of,
    }
    transaction = Transaction()
    changed = change_order(
        transaction,
        order,
        Action.SHIP,
        OrderShipped,
        by=caller.name,
        facts=facts,
        progress=progress,
        record=pack_shipment(order.lines, leaving),
        shipments=shipments,
        waybills=remember_waybill(order, request.waybill, shipments),
    )
    answer = shipment_confirmation(changed.event)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def list_shipments(caller: Principal, order_id: str) -> ShipmentList:
    """List the shipments of an order.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    order = load_own_order(caller, order_id)
    shipments = unpack_shipments(order.lines, event_history_with_records(order.header.pk, order_id))
    return ShipmentList(
        order_id=order_id,
        state=order.state,
        delivery_address=order_address(load_delivery_address(order)),
        shipments=[shipment_view(one, order.lines) for one in shipments],
    )


def _leaving(order: Order, request: Ship) -> dict[int, int]:
    """Return the pieces to ship by line number."""
    if request.lines is None:
        return {
            number: line_progress.reserved
            for number, line_progress in enumerate(order.progress, 1)
            if line_progress.reserved
        }
    return pieces_by_line(order, request.lines)


def _facts(order: Order, request: Ship, leaving: Mapping[int, int], number: int) -> dict[str, Any]:
    """Return the fields of the shipment event: id, pieces, value in fen, carrier, waybill and payment terms."""
    sent = [
        shipped_line(order.lines[line_no - 1], order.progress[line_no - 1].shipped, pieces)
        for line_no, pieces in leaving.items()
    ]
    gross_fen, tax_fen = sum(line.gross_fen for line in sent), sum(line.tax_fen for line in sent)
    return {
        "shipment_id": f"{order.header.order_id}-S{number:02d}",
        "shipped_pieces": sum(leaving.values()),
        "shipped_gross_fen": gross_fen,
        "shipped_net_fen": gross_fen - tax_fen,
        "shipped_tax_fen": tax_fen,
        "shipped_at": clock.stamp(),
        "payment_days": order.header.payment_days,
        "carrier": request.carrier,
        "waybill": request.waybill,
        **address_facts(load_delivery_address(order)),
    }
