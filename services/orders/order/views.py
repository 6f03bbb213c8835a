"""Stored orders as answers and as fields of events."""

from __future__ import annotations

from typing import Any, TypedDict

from kernel.time.holidays import calendar_end_if_passed
from services.orders.order.api import OrderConfirmation, OrderSummary
from services.orders.order.items import HeaderItem
from services.orders.vocabulary import Hold, State


class EventFields(TypedDict):
    """Fields of every event of an order."""

    order_id: str
    dealer_id: str
    warehouse: str
    state: str
    line_count: int
    gross_fen: int
    by: str


def event_fields(header: HeaderItem, state: State, by: str) -> EventFields:
    """Return the common fields of an event that brings the order to `state`."""
    return EventFields(
        order_id=header.order_id,
        dealer_id=header.dealer_id,
        warehouse=header.warehouse,
        state=state.value,
        line_count=header.line_count,
        gross_fen=header.gross_fen,
        by=by,
    )


def confirmation_of(header: HeaderItem) -> OrderConfirmation:
    """Return the confirmation of a stored order."""
    return OrderConfirmation(**_confirmation_fields(header))


def summary_of(header: HeaderItem) -> OrderSummary:
    """Return an order as it appears in lists."""
    return OrderSummary(**summary_fields(header))


def _confirmation_fields(header: HeaderItem) -> dict[str, Any]:
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


def summary_fields(header: HeaderItem) -> dict[str, Any]:
    """Return the fields of `OrderSummary`; a full view of an order begins with them."""
    return {
        **_confirmation_fields(header),
        "dealer_id": header.dealer_id,
        "submitted_by": header.submitted_by,
        "urgent": bool(header.urgent),
        "visible_at": header.visible_at,
        "decided_at": header.decided_at,
        "backordered_since": header.backordered_since,
        "reserved_until": header.reserved_until,
        "promised_on": header.promised_on,
        "calendar_known_until": calendar_end_if_passed(header.reserved_until, header.promised_on),
        "double_of": header.double_of,
        "reserved": header.reserved,
        "backordered": header.backordered,
        "shipped": header.shipped,
        "cancelled": header.cancelled,
        "version": header.version,
    }
