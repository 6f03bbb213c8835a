"""Invariants of journals: they balance, and every document is posted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.orders import OrderShipmentVoided, OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.invariants.snapshot import Finding, Snapshot
from services.reconciliation.ledger.items import BankReferenceItem, JournalItem, VoidedShipmentItem
from services.reconciliation.ledger.rules import Account, DocumentKind, reversal_id

_ACCOUNTS = frozenset(Account)


def journal_debits_equal_credits(snapshot: Snapshot) -> Iterator[Finding]:
    """Find journals that do not balance, or with fewer than two entries, an unknown account or an entry of zero."""
    for journal in snapshot.items(JournalItem):
        amounts = journal.amounts
        is_known = amounts.keys() <= _ACCOUNTS and all(isinstance(fen, int) and fen for fen in amounts.values())
        if len(amounts) < 2 or not is_known or sum(amounts.values()):
            yield Finding("journal-balance", journal.sk, f"{amounts}")


def reversals_mirror_their_journal(snapshot: Snapshot) -> Iterator[Finding]:
    """Find reversals that do not book the opposite of the reversed journal, and other journals that reverse one."""
    journals = {journal_id(journal): journal for journal in snapshot.items(JournalItem)}
    for number, journal in journals.items():
        if (journal.document_kind == DocumentKind.REVERSAL) != bool(journal.reverses):
            yield Finding("journal-reversal", number, f"a {journal.document_kind} that reverses {journal.reverses}")
        elif journal.reverses:
            original = journals.get(journal.reverses)
            mirrored = {account: -fen for account, fen in original.amounts.items()} if original else None
            if journal.amounts != mirrored or journal.pk != (original and original.pk):
                yield Finding("journal-reversal", number, f"{journal.amounts}, expected {mirrored}")


def journal_keys_follow_from_documents(snapshot: Snapshot) -> Iterator[Finding]:
    """Find journals that are not stored under their document in their dealer's ledger."""
    for journal in snapshot.items(JournalItem):
        expected = f"LEDGER#{journal.dealer_id}", f"JOURNAL#{journal.document_kind}.{journal.document_id}"
        if (journal.pk, journal.sk) != expected:
            yield Finding("journal-key", journal.sk, f"{journal.pk}, expected {expected}")


def payments_have_one_bank_reference(snapshot: Snapshot) -> Iterator[Finding]:
    """Find payments without exactly one bank reference, and bank references without exactly one payment."""
    journals = snapshot.items(JournalItem)
    booked = Counter(item.document_id for item in journals if item.document_kind == DocumentKind.PAYMENT)
    known = Counter(item.payment_id for item in snapshot.items(BankReferenceItem))
    for payment_id in sorted(booked.keys() | known.keys()):
        if (booked[payment_id], known[payment_id]) != (1, 1):
            detail = f"{booked[payment_id]} journals, {known[payment_id]} bank references"
            yield Finding("bank-reference", payment_id, detail)


def journal_events_match_journals(snapshot: Snapshot) -> Iterator[Finding]:
    """Find payments and reversals whose event has another amount than the journal, or that have no event."""
    published: dict[str, int] = {}
    for message in snapshot.events_of_type(PaymentPosted.TYPE):
        number = f"{message.data['dealer_id']}.{DocumentKind.PAYMENT}.{message.data['payment_id']}"
        published[number] = -message.data["amount_fen"]
    for message in snapshot.events_of_type(JournalReversed.TYPE):
        published[message.data["journal_id"]] = message.data["owed_change_fen"]
    booked = {
        journal_id(journal): owed_fen(journal)
        for journal in snapshot.items(JournalItem)
        if journal.document_kind != DocumentKind.SHIPMENT
    }
    for number in sorted(published.keys() | booked.keys()):
        if published.get(number) != booked.get(number):
            detail = f"booked {booked.get(number)} fen, published {published.get(number)}"
            yield Finding("journal-event", number, detail)


def shipments_are_posted(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find shipments that are due, have a value and no journal."""
    booked = snapshot.cached(shipment_journals)
    for message in snapshot.events_of_type(OrderShipped.TYPE):
        shipment_id, gross_fen = message.data["shipment_id"], message.data["shipped_gross_fen"]
        if gross_fen and shipment_id not in booked and message.time < due:
            yield Finding("shipment-unposted", shipment_id, f"{gross_fen} fen are not in the ledger")


def voided_shipments_count_nothing(snapshot: Snapshot) -> Iterator[Finding]:
    """Find void shipments that are marked as out of the ledger and still count there."""
    journals = {journal_id(journal) for journal in snapshot.items(JournalItem)}
    for item in snapshot.items(VoidedShipmentItem):
        dealer_id, shipment_id = item.pk.partition("#")[2], item.sk.partition("#")[2]
        last, reversals = f"{dealer_id}.{DocumentKind.SHIPMENT}.{shipment_id}", 0
        while reversal_id(last) in journals:
            last, reversals = reversal_id(last), reversals + 1
        if not reversals % 2:
            yield Finding("voided-shipment", shipment_id, f"it is void, and its journal has {reversals} reversals")


def voided_shipments_are_reversed(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find void shipments that are due and not taken out of the ledger."""
    marked = snapshot.cached(voided_shipment_ids)
    for message in snapshot.events_of_type(OrderShipmentVoided.TYPE):
        shipment_id, gross_fen = message.data["shipment_id"], message.data["shipped_gross_fen"]
        if gross_fen and shipment_id not in marked and message.time < due:
            yield Finding("voided-shipment-posted", shipment_id, f"{gross_fen} fen are still in the ledger")


ALWAYS = (
    journal_debits_equal_credits,
    reversals_mirror_their_journal,
    journal_keys_follow_from_documents,
    payments_have_one_bank_reference,
    voided_shipments_count_nothing,
)
ALWAYS_WITH_EVENTS = (journal_events_match_journals,)
WHEN_DUE = (shipments_are_posted, voided_shipments_are_reversed)


def voided_shipment_ids(snapshot: Snapshot) -> set[str]:
    """Return the ids of void shipments that are out of the ledger."""
    return {item.sk.partition("#")[2] for item in snapshot.items(VoidedShipmentItem)}


def shipment_journals(snapshot: Snapshot) -> dict[str, JournalItem]:
    """Return the journals of shipments by shipment id."""
    return {
        item.document_id: item for item in snapshot.items(JournalItem) if item.document_kind == DocumentKind.SHIPMENT
    }


def journal_id(item: JournalItem) -> str:
    """Return the id of a journal; it follows from the key."""
    return f"{item.pk.partition('#')[2]}.{item.sk.removeprefix('JOURNAL#')}"


def owed_fen(item: JournalItem) -> int:
    """Return the change in fen of what the dealer owes."""
    # `JournalItem.journal` would refuse to read a journal that does not balance.
    return int(item.amounts.get(Account.RECEIVABLE.value, 0))
