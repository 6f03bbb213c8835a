"""Orders and their events as answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernel.messaging.events import Envelope
from kernel.time.holidays import calendar_end_if_passed
from reads.dealers import dealer_names
from reads.warehouses import warehouse_names
from services.orders.delivery.api import OrderAddress
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action
from services.orders.order.rules import Line, Progress
from services.orders.order.views import EventFields, summary_fields
from services.orders.tracking.api import OpenPart, OrderLineView, OrderView, SourcingCandidate, TimelineEntry
from services.orders.tracking.labels import LABELS, ship_day_label
from services.orders.vocabulary import ShortagePolicy, State

#: Fields that every event has. The other ones are the facts of the event.
_COMMON_FIELDS = frozenset(EventFields.__annotations__)


def view_of(
    order: Order, promised_days: Mapping[int, str], address: OrderAddress | None, actions: Sequence[Action]
) -> OrderView:
    """Return an order with the progress of its lines.

    Args:
        promised_days: promise dates of backordered pieces by SKU index.
        actions: what the caller may do with the order.
    """
    lines = [
        _line(order, line, line_progress, promised_days)
        for line, line_progress in zip(order.lines, order.progress, strict=True)
    ]
    promised = {part.promised_on for line in lines for part in line.parts} | {order.header.promised_on}
    known_until = calendar_end_if_passed(order.header.reserved_until, *promised)
    return OrderView(
        **summary_fields(order.header) | {"calendar_known_until": known_until},
        dealer_name=dealer_names([order.header.dealer_id])[order.header.dealer_id],
        **warehouse_names(order.header.warehouse),
        actions=list(actions),
        shortage_policy=ShortagePolicy(order.header.shortage_policy),
        purchase_order=order.ordered.purchase_order,
        note=order.ordered.note,
        delivery_address=address,
        price_list=order.ordered.price_list,
        price_version=order.ordered.price_version,
        sourcing=[
            SourcingCandidate(**candidate, **warehouse_names(str(candidate["warehouse"])))
            for candidate in order.header.sourcing or []
        ],
        lines=lines,
    )


def timeline_entry(message: Envelope) -> TimelineEntry:
    """Return one event of an order as an answer."""
    facts = {name: value for name, value in message.data.items() if name not in _COMMON_FIELDS}
    return TimelineEntry(
        at=message.time,
        event=message.type,
        **LABELS[message.type].fields,
        by=message.data.get("by", ""),
        state=State(message.data["state"]),
        facts=facts,
    )


def open_parts(line_progress: Progress, reserved_on: str | None, backordered_on: str | None) -> list[OpenPart]:
    """Return the open pieces of a line by the day on which they leave: of the reserved ones, and of the backordered."""
    parts = ((True, line_progress.reserved, reserved_on), (False, line_progress.backordered, backordered_on))
    return [
        OpenPart(reserved=reserved, pieces=pieces, promised_on=day, **ship_day_label(day).fields)
        for reserved, pieces, day in parts
        if pieces
    ]


def _promised_on(line_progress: Progress, reserved_on: str | None, backordered_on: str | None) -> str | None:
    """Return the day on which the last piece of a line leaves, or left, as promised."""
    if line_progress.backordered:
        return backordered_on
    return reserved_on if line_progress.reserved or line_progress.shipped else None


def _line(order: Order, line: Line, line_progress: Progress, promised_days: Mapping[int, str]) -> OrderLineView:
    reserved_on, backordered_on = order.header.promised_on, promised_days.get(line.sku_index)
    return OrderLineView(
        line_no=line.line_no,
        sku=line.sku,
        name_zh=line.name,
        unit_price=format(line.unit_price, "f"),
        price_policy=line.price_policy,
        gross_fen=line.gross_fen,
        tax_fen=line.tax_fen,
        ordered=line.quantity,
        open=line.quantity - line_progress.shipped - line_progress.cancelled,
        reserved=line_progress.reserved,
        backordered=line_progress.backordered,
        shipped=line_progress.shipped,
        cancelled=line_progress.cancelled,
        promised_on=_promised_on(line_progress, reserved_on, backordered_on),
        parts=open_parts(line_progress, reserved_on, backordered_on),
        run_out=line.sku_index in order.run_out,
    )
