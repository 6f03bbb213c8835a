"""Reverse a journal."""

from __future__ import annotations

from datetime import date

from contracts.reconciliation import JournalReversed
from kernel.base.problems import Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.reconciliation.journals.api import JournalView, ReverseJournal
from services.reconciliation.journals.views import journal_view
from services.reconciliation.ledger.items import JournalItem, VoidedShipmentItem, ledger_pk, voided_shipment_key
from services.reconciliation.ledger.posting import post_journal
from services.reconciliation.ledger.queries import load_journal
from services.reconciliation.ledger.rules import Journal, reversal_id, reversal_of, shipment_behind


def reverse_journal(caller: Principal, journal_id: str, request: ReverseJournal, key: IdempotencyKey) -> JournalView:
    """Post the reversal of a journal today and publish `JournalReversed`.

    Raises:
        NotFound: there is no such journal.
        Refusal: `already-reversed`, or `shipment-voided`: the reversal of a void shipment stays.
    """
    original, is_reversed = load_journal(journal_id)
    if is_reversed:
        raise _already_reversed(original.journal)
    reversed_on = max(clock.business_date(clock.now()), date.fromisoformat(original.posted_on))
    reversal = reversal_of(original.journal, reversed_on, request.reason)

    def add_more(transaction: Transaction, posted: JournalItem) -> None:
        transaction.create(journal_reversed_event(original.journal, reversal), "event")
        if shipment_id := shipment_behind(original.journal):
            mark = voided_shipment_key(original.dealer_id, shipment_id)
            transaction.check(VoidedShipmentItem, mark, VoidedShipmentItem.pk.does_not_exist(), "voided")
        key.record_response(transaction, journal_view(posted, is_reversed=False))

    try:
        posted = post_journal(reversal, posted_by=caller.name, add_more=add_more)
    except TransactionRefused as refused:
        if "voided" in refused:
            raise Refusal(
                "shipment-voided",
                "该发货已作废,其冲销不能撤销 / this shipment is void; its reversal stays, ship the goods again",
            ) from None
        if "journal" in refused:
            raise _already_reversed(original.journal) from None
        raise
    return journal_view(posted, is_reversed=False)


def journal_reversed_event(original: Journal, reversal: Journal) -> EventItem:
    """Return the event of a reversal, which changes the dealer's credit."""
    event = JournalReversed(
        journal_id=reversal.journal_id,
        dealer_id=reversal.dealer_id,
        document_kind=original.kind,
        document_id=original.document_id,
        owed_change_fen=reversal.owed_fen,
        reason=reversal.reference,
        due_on=reversal.due_on.isoformat() if reversal.due_on else None,
    )
    pk = ledger_pk(reversal.dealer_id)
    return outbox_event(event, pk=pk, subject=reversal.journal_id, sequence=1, dealer_id=reversal.dealer_id)


def _already_reversed(journal: Journal) -> Refusal:
    return Refusal(
        "already-reversed",
        "该凭证已冲销,不能再次冲销 / this journal is reversed already; look at its reversal",
        reversed_by=reversal_id(journal.journal_id),
    )
