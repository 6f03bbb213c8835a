"""Post the journal of a shipment."""

from __future__ import annotations

from contracts.orders import OrderShipped
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store.transaction import TransactionRefused
from kernel.time import clock
from services.reconciliation.ledger.posting import post_journal
from services.reconciliation.ledger.rules import shipment_journal


def post_shipment(envelope: Envelope) -> None:
    """Post a shipment once, even if its event is delivered again or out of order."""
    shipped = envelope.event
    if not isinstance(shipped, OrderShipped):
        return
    journal = shipment_journal(shipped)
    if journal is None:
        return
    try:
        post_journal(journal, posted_by=envelope.source)
    except TransactionRefused as refused:
        if "journal" not in refused:
            raise
        return
    delay = clock.now() - clock.parse_stamp(shipped.shipped_at)
    observability.record_duration("ShipmentToLedger", delay.total_seconds())
