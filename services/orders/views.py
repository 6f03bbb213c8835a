"""Stored orders as answers and events show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict

from contracts.orders import OrderShipped
from kernel.messaging.events import Envelope
from services.orders.api import (
    AllocationView,
    DeliveryChange,
    ExpectedDelivery,
    ExpectedLine,
    GrantView,
    OrderConfirmation,
    OrderLineView,
    OrderSummary,
    OrderView,
    ShipmentConfirmation,
    ShipmentLineView,
    ShipmentView,
    StockDocument,
    StockDocumentLine,
    TimelineEntry,
)
from services.orders.domain import Hold, Line, Progress, ShortagePolicy, State
from services.orders.inbound import Delivery
from services.orders.shipments import Shipment
from services.orders.table.line import GrantItem
from services.orders.table.orders import HeaderItem, Order
from services.orders.table.stock import StockDocumentItem

#: What a dealer or clerk reads for each event.
LABELS = {
    "order.submitted.v1": "已提交 / submitted",
    "order.reserved.v1": "库存已核 / stock decided",
    "order.backorders-filled.v1": "缺货已补 / back-orders filled",
    "order.promise-moved.v1": "发货日期已定 / ship date set",
    "order.promise-slipped.v1": "发货延期 / ship date slipped",
    "order.reservation-expiring.v1": "预留即将到期 / hold about to expire",
    "order.reservation-expired.v1": "预留已到期释放 / hold expired",
    "order.reservation-extended.v1": "预留已续期 / hold renewed",
    "order.overdue.v1": "加急单超时未审 / urgent order overdue",
    "order.hold-released.v1": "已解除冻结 / hold released",
    "order.approved.v1": "已审核通过 / approved",
    "order.rejected.v1": "已驳回 / rejected",
    "order.cancelled.v1": "已取消 / cancelled",
    "order.shipped.v1": "已发货 / shipped",
}

_DOCUMENT_LINE = ("sku", "quantity", "expected", "difference")
_OWN_FACTS = frozenset({"order_id", "dealer_id", "warehouse", "state", "by", "line_count", "gross_fen"})


class Facts(TypedDict):
    """What every event of an order says."""

    order_id: str
    dealer_id: str
    warehouse: str
    state: str
    line_count: int
    gross_fen: int
    by: str


def event_fields(header: HeaderItem, state: State, by: str) -> Facts:
    """The common facts of an event that brings the order to `state`."""
    return Facts(
        order_id=header.order_id,
        dealer_id=header.dealer_id,
        warehouse=header.warehouse,
        state=state.value,
        line_count=header.line_count,
        gross_fen=header.gross_fen,
        by=by,
    )


def confirmation_of(header: HeaderItem) -> OrderConfirmation:
    """Proof of storage."""
    return OrderConfirmation(**_receipt(header))


def summary_of(header: HeaderItem) -> OrderSummary:
    """An order in a list."""
    return OrderSummary(**_summary(header))


def view_of(order: Order, waited: Mapping[int, str]) -> OrderView:
    """A whole order with what became of each line. `waited`: the days promised by sku_index for what is waited for."""
    return OrderView(
        **_summary(order.header),
        shortage_policy=ShortagePolicy(order.header.shortage_policy),
        purchase_order=order.ordered.purchase_order,
        note=order.ordered.note,
        price_list=order.ordered.price_list,
        price_version=order.ordered.price_version,
        sourcing=order.header.sourcing or [],
        lines=[
            _line(line, so_far, _promised_on(order, line, so_far, waited))
            for line, so_far in zip(order.lines, order.progress, strict=True)
        ],
    )


def shipment_confirmation(told: OrderShipped) -> ShipmentConfirmation:
    """Proof of a shipment."""
    return ShipmentConfirmation(**_shipment(told), state=State(told.state))


def shipment_view(shipment: Shipment) -> ShipmentView:
    """A shipment."""
    lines = [ShipmentLineView(**line._asdict()) for line in shipment.lines]
    return ShipmentView(**_shipment(shipment.told), lines=lines)


def _shipment(told: OrderShipped) -> dict[str, Any]:
    return {
        "shipment_id": told.shipment_id,
        "order_id": told.order_id,
        "warehouse": told.warehouse,
        "carrier": told.carrier,
        "waybill": told.waybill,
        "shipped_at": told.shipped_at,
        "shipped_by": told.by,
        "pieces": told.shipped_pieces,
        "gross_fen": told.shipped_gross_fen,
        "net_fen": told.shipped_net_fen,
        "tax_fen": told.shipped_tax_fen,
    }


def allocation_view(item: GrantItem) -> AllocationView:
    """What an order got in one run."""
    return AllocationView(
        run=item.run,
        granted_at=item.granted_at,
        rule_version=item.rule_version,
        grants=[GrantView(sku=sku, granted=pieces, **reason) for sku, pieces, reason in item.grants],
    )


def document_view(item: StockDocumentItem) -> StockDocument:
    """A count, an adjustment or a transfer."""
    return StockDocument(
        warehouse=item.pk.removeprefix("STOCK#"),
        document=item.document,
        reference=item.sk.rpartition("#")[2],
        to_warehouse=item.to_warehouse,
        made_at=item.made_at,
        made_by=item.made_by,
        reason=item.reason,
        lines=[StockDocumentLine(**dict(zip(_DOCUMENT_LINE, row, strict=False))) for row in item.lines],
    )


def delivery_view(delivery: Delivery) -> ExpectedDelivery:
    """What is expected under a reference, nothing if it is received or given up."""
    item = delivery.item
    return ExpectedDelivery(
        warehouse=delivery.warehouse,
        reference=delivery.reference,
        expected_on=date.fromisoformat(item.expected_on) if item else None,
        version=delivery.version,
        changed_by=item.changed_by if item else "",
        reason=item.reason if item else "",
        lines=[ExpectedLine(sku=sku, quantity=pieces) for sku, _, pieces in item.goods] if item else [],
    )


def delivery_change(message: Envelope) -> DeliveryChange:
    """One change in the history of a delivery."""
    return DeliveryChange(at=message.time, version=message.sequence, **message.data)


def timeline_entry(message: Envelope) -> TimelineEntry:
    """One event of an order's history."""
    facts = {name: value for name, value in message.data.items() if name not in _OWN_FACTS}
    return TimelineEntry(
        at=message.time,
        event=message.type,
        label=LABELS[message.type],
        by=message.data.get("by", ""),
        state=message.data["state"],
        facts=facts,
    )


def _receipt(header: HeaderItem) -> dict[str, Any]:
    gross_fen, tax_fen = header.gross_fen, header.tax_fen
    return {
        "order_id": header.order_id,
        "state": State(header.state),
        "warehouse": header.warehouse,
        "line_count": header.line_count,
        "pieces": header.pieces,
        "gross_fen": gross_fen,
        "net_fen": gross_fen - tax_fen,
        "tax_fen": tax_fen,
        "submitted_at": header.submitted_at,
        "holds": [Hold(hold) for hold in header.holds],
    }


def _summary(header: HeaderItem) -> dict[str, Any]:
    return {
        **_receipt(header),
        "dealer_id": header.dealer_id,
        "submitted_by": header.submitted_by,
        "urgent": bool(header.urgent),
        "visible_at": header.visible_at,
        "decided_at": header.decided_at,
        "backordered_since": header.backordered_since,
        "reserved_until": header.reserved_until,
        "promised_on": header.promised_on,
        "reserved": header.reserved,
        "backordered": header.backordered,
        "shipped": header.shipped,
        "cancelled": header.cancelled,
        "version": header.version,
    }


def _promised_on(order: Order, line: Line, so_far: Progress, waited: Mapping[int, str]) -> str | None:
    """The day the last piece of a line leaves, or left, as the dealer was told."""
    if so_far.backordered:
        return waited.get(line.sku_index)
    return order.header.promised_on if so_far.reserved or so_far.shipped else None


def _line(line: Line, so_far: Progress, promised_on: str | None) -> OrderLineView:
    return OrderLineView(
        line_no=line.line_no,
        sku=line.sku,
        name=line.name,
        unit_price=format(line.unit_price, "f"),
        price_policy=line.price_policy,
        gross_fen=line.gross_fen,
        tax_fen=line.tax_fen,
        ordered=line.quantity,
        open=line.quantity - so_far.shipped - so_far.cancelled,
        reserved=so_far.reserved,
        backordered=so_far.backordered,
        shipped=so_far.shipped,
        cancelled=so_far.cancelled,
        promised_on=promised_on,
    )
