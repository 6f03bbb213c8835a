"""Reverse the journal of a shipment that was voided."""

from __future__ import annotations

from datetime import date

from contracts.orders import OrderShipmentVoided
from kernel.messaging.events import Envelope
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.reconciliation.journals.reverse_journal import journal_reversed_event
from services.reconciliation.ledger.items import JournalItem, VoidedShipmentItem, journal_key, voided_shipment_key
from services.reconciliation.ledger.posting import post_journal
from services.reconciliation.ledger.queries import load_journal
from services.reconciliation.ledger.rules import reversal_id, reversal_of, shipment_journal

#: Others may reverse the journal, or its reversal, at the same time.
_ATTEMPTS = 5


def reverse_voided_shipment(envelope: Envelope) -> None:
    """Take a void shipment out of the ledger once, also if a person reversed its journal or the event comes first.

    Raises:
        Busy: others kept changing the journal; the message is delivered again.
    """
    voided = envelope.event
    if not isinstance(voided, OrderShipmentVoided) or shipment_journal(voided) is None:
        return
    retry_on_conflict(
        _ATTEMPTS,
        lambda: _take_out(voided, envelope.source),
        retry_if=lambda refused: "journal" in refused or "voided" in refused,
    )


def _take_out(voided: OrderShipmentVoided, source: str) -> None:
    mark = VoidedShipmentItem(*voided_shipment_key(voided.dealer_id, voided.shipment_id), voided_at=voided.voided_at)
    if fetch_one(VoidedShipmentItem, (mark.pk, mark.sk)):
        return
    last, counts = _last_of_chain(_posted(voided, source))
    if not counts:
        transaction = Transaction()
        transaction.create(mark, "voided")
        again = journal_key(reversal_id(last.journal.journal_id))
        transaction.check(JournalItem, again, JournalItem.pk.does_not_exist(), "journal")
        transaction.commit()
        return
    reversed_on = max(clock.business_date(clock.parse_stamp(voided.voided_at)), date.fromisoformat(last.posted_on))
    reversal = reversal_of(last.journal, reversed_on, voided.reason)

    def add_more(transaction: Transaction, _: JournalItem) -> None:
        transaction.create(mark, "voided")
        transaction.create(journal_reversed_event(last.journal, reversal), "event")

    post_journal(reversal, posted_by=source, add_more=add_more)


def _posted(voided: OrderShipmentVoided, source: str) -> JournalItem:
    """Return the journal of the shipment; post it if the event of the shipment has not arrived yet."""
    journal = shipment_journal(voided)
    assert journal
    stored = fetch_one(JournalItem, journal_key(journal.journal_id))
    return stored or post_journal(journal, posted_by=source)


def _last_of_chain(shipment: JournalItem) -> tuple[JournalItem, bool]:
    """Return the last of a journal and its reversals in a row, and whether the shipment counts after it."""
    last, counts = shipment, True
    while True:
        _, is_reversed = load_journal(last.journal.journal_id)
        if not is_reversed:
            return last, counts
        last, counts = load_journal(reversal_id(last.journal.journal_id))[0], not counts
