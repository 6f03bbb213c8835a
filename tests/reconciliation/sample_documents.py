"""Shipments, journals and days for the tests of the reconciliation rules."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.orders import OrderShipped
from services.reconciliation.ledger.rules import Journal, shipment_journal


def order_shipped(gross: int = 11300, tax: int = 1300, **changes: Any) -> OrderShipped:
    """Return the event of a shipment; amounts in fen."""
    fields: dict[str, Any] = {
        "order_id": "D0001-000001",
        "dealer_id": "D0001",
        "warehouse": "GZ",
        "state": "closed",
        "line_count": 1,
        "gross_fen": gross,
        "shipment_id": "D0001-000001-S01",
        "shipped_pieces": 1,
        "shipped_gross_fen": gross,
        "shipped_net_fen": gross - tax,
        "shipped_tax_fen": tax,
        "shipped_at": "2026-11-05T02:00:00.000Z",
        "payment_days": 30,
        "carrier": "顺丰",
        "waybill": "SF1",
        "complete": True,
    }
    return OrderShipped.model_validate(fields | {"by": "仓库"} | changes)


def journal_of(event: OrderShipped) -> Journal:
    """Return the journal of a shipment that is not free."""
    journal = shipment_journal(event)
    assert journal is not None
    return journal


def day(day_of_month: int, month: int = 11) -> date:
    """Return a day of 2026."""
    return date(2026, month, day_of_month)
