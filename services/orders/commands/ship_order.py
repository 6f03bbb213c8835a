"""Shipping: held goods leave, stock falls at once, and what left is worth so many fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from contracts.orders import OrderShipped
from contracts.stock import SLOTS_PER_SHELF
from kernel import clock
from kernel.idempotency import IdempotencyKey
from kernel.outbox import history
from kernel.principal import Principal
from kernel.problems import FieldProblem, Invalid, Refusal
from kernel.table import Transaction, query_page
from services.orders import stock
from services.orders.api import Ship, ShipmentList
from services.orders.commands.review_order import own_order
from services.orders.domain import (
    Action,
    Move,
    Progress,
    ShippedLine,
    State,
    is_complete,
    may,
    shipped,
    shipped_line,
    steps,
)
from services.orders.kept import first_days
from services.orders.table import (
    KeptItem,
    Order,
    ShipmentItem,
    change_order,
    left_pk,
    load_order,
    orders_pk,
    packed_shipment,
)
from services.orders.views import facts_of, shipment_view


def ship_order(caller: Principal, order_id: str, request: Ship, key: IdempotencyKey) -> ShipmentList:
    """Ship held pieces of a confirmed order: those asked for, or all.

    One shipment covers at most SHELVES_PER_STEP shelves; what touches more leaves as several shipments under the same
    waybill. The idempotency key stands with the last, so a repeat after a crash ships only what had not left.

    Raises:
        Refusal: the order is not confirmed, or nothing is held.
        Invalid: more asked for than is held; names the lines.
    """
    order = load_order(order_id)
    if not may(Action.SHIP, order.state):
        raise Refusal("order-state", f"订单状态为 {order.state},不能发货 / a {order.state} order cannot be shipped")
    already = _sent_under(order, key.request_id)
    asked = _asked(order, request, already)
    slots = {order.lines[number - 1].slot for number in asked}
    parts = steps(slots, SLOTS_PER_SHELF)
    if not parts:
        raise Refusal(
            "nothing-to-ship", "没有可发的库存 / nothing is held for this order; wait for stock or cancel the rest"
        )
    for index, part in enumerate(parts):
        leaving = {number: pieces for number, pieces in asked.items() if order.lines[number - 1].slot in part}
        answer = _ship_part(caller, order, request, leaving, key, last=index == len(parts) - 1)
        order = load_order(order_id)
    return answer


def list_shipments(caller: Principal, order_id: str) -> ShipmentList:
    """The shipments of an order.

    Raises:
        NotFound: not the caller's order.
    """
    order = own_order(caller, order_id)
    return _answer(order, _shipments(order))


def _asked(order: Order, request: Ship, already: Mapping[int, int]) -> dict[int, int]:
    """Pieces to ship by line number, `already` having left under this same request."""
    if request.lines is None:
        return {number: so_far.reserved for number, so_far in enumerate(order.progress, 1) if so_far.reserved}
    asked: dict[int, int] = defaultdict(int)
    for line in request.lines:
        asked[line.line_no] += line.quantity
    asked = {number: pieces - already.get(number, 0) for number, pieces in asked.items()}
    problems = []
    for index, line in enumerate(request.lines):
        held = order.progress[line.line_no - 1].reserved if line.line_no <= len(order.lines) else 0
        if asked[line.line_no] > held:
            detail = f"该行可发 {held} 件 / only {held} pieces of this line are held"
            problems.append(FieldProblem(field=f"lines.{index}.quantity", code="not-held", detail=detail))
    if problems:
        raise Invalid(problems, code="not-held")
    return {number: pieces for number, pieces in asked.items() if pieces}


def _ship_part(
    caller: Principal, order: Order, request: Ship, leaving: Mapping[int, int], key: IdempotencyKey, *, last: bool
) -> ShipmentList:
    sent = [
        shipped_line(order.lines[number - 1], order.progress[number - 1].shipped, pieces)
        for number, pieces in sorted(leaving.items())
    ]
    progress = tuple(shipped(so_far, leaving.get(number, 0)) for number, so_far in enumerate(order.progress, 1))
    earlier = _shipments(order)
    shipment = _shipment(caller, order, request, sent, number=len(earlier) + 1, request_id=key.request_id)
    transaction = Transaction()
    cause = stock.Cause(shipment.shipment_id, caller.name)
    stock.move(transaction, Move.ISSUE, order.header.warehouse, _by_slot(order, leaving), cause)
    transaction.create(shipment, "shipment")
    transaction.create(_kept(order, shipment), "kept")
    after = change_order(transaction, order, event=_event(caller, order, shipment, progress), progress=progress)
    answer = _answer(after, [*earlier, shipment])
    if last:
        key.keep(transaction, answer)
    transaction.commit()
    return answer


def _shipment(
    caller: Principal, order: Order, request: Ship, sent: list[ShippedLine], *, number: int, request_id: str
) -> ShipmentItem:
    header = order.header
    return ShipmentItem(
        header.pk,
        f"SHIPMENT#{header.sequence}#{number:03d}",
        shipment_id=f"{header.order_id}-S{number:02d}",
        order_id=header.order_id,
        warehouse=header.warehouse,
        shipped_at=clock.stamp(),
        shipped_by=caller.name,
        carrier=request.carrier,
        waybill=request.waybill,
        gross_fen=sum(line.gross_fen for line in sent),
        tax_fen=sum(line.tax_fen for line in sent),
        columns=packed_shipment(sent),
        request_id=request_id,
    )


def _kept(order: Order, shipment: ShipmentItem) -> KeptItem:
    header = order.header
    days = first_days(history(header.pk, header.order_id), int(header.line_count))
    left_on = clock.business_date(clock.parse_stamp(shipment.shipped_at)).isoformat()
    return KeptItem(
        left_pk(header.warehouse, left_on[:7]),
        f"{shipment.shipped_at}#{shipment.shipment_id}",
        left_on=left_on,
        rows=[[line.sku, line.quantity, days.get(line.line_no)] for line in shipment.lines],
    )


def _event(caller: Principal, order: Order, shipment: ShipmentItem, progress: tuple[Progress, ...]) -> OrderShipped:
    complete = is_complete(order.lines, progress)
    gross_fen, tax_fen = int(shipment.gross_fen), int(shipment.tax_fen)
    return OrderShipped(
        **facts_of(order.header, State.CLOSED if complete else State.CONFIRMED, caller.name),
        shipment_id=shipment.shipment_id,
        shipped_pieces=sum(line.quantity for line in shipment.lines),
        shipped_gross_fen=gross_fen,
        shipped_net_fen=gross_fen - tax_fen,
        shipped_tax_fen=tax_fen,
        shipped_at=shipment.shipped_at,
        payment_days=int(order.header.payment_days),
        carrier=shipment.carrier,
        waybill=shipment.waybill,
        complete=complete,
    )


def _by_slot(order: Order, leaving: Mapping[int, int]) -> dict[int, int]:
    pieces: dict[int, int] = defaultdict(int)
    for number, quantity in leaving.items():
        pieces[order.lines[number - 1].slot] += quantity
    return pieces


def _shipments(order: Order) -> list[ShipmentItem]:
    prefix = f"SHIPMENT#{order.header.sequence}#"
    pk = orders_pk(order.header.dealer_id)
    page = query_page(ShipmentItem, pk, sk=ShipmentItem.sk.startswith(prefix), limit=999, consistent=True)
    return page.items


def _sent_under(order: Order, request_id: str) -> dict[int, int]:
    """Pieces by line that an earlier, interrupted attempt of this same request shipped."""
    sent: dict[int, int] = defaultdict(int)
    for shipment in _shipments(order):
        if shipment.request_id == request_id:
            for line in shipment.lines:
                sent[line.line_no] += line.quantity
    return sent


def _answer(order: Order, shipments: list[ShipmentItem]) -> ShipmentList:
    return ShipmentList(
        order_id=order.header.order_id,
        state=order.state,
        shipments=[shipment_view(shipment) for shipment in shipments],
    )
