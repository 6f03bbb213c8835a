"""Stored ledger: accounts, journals, entries, totals by day, bank references."""

from __future__ import annotations

from datetime import date

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.base.codes import fold
from kernel.base.problems import NotFound
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.time import clock
from services.reconciliation.ledger.entries import DayTotals, LedgerEntry
from services.reconciliation.ledger.rules import Account, DocumentKind, Journal, split_journal_id

#: Part of a key, for entries without a due day.
_NOT_DUE = "-"


# P  accounts of a dealer, and its last closed period    pk: LEDGER#<dealer>    sk: ACCOUNTS
class LedgerItem(Item, discriminator="ledger"):
    """Accounts of a dealer: debits less credits of each in fen, over all time, so the four add up to zero.

    `journal_count` grows with every journal, so readers see whether the ledger changed between two reads.
    `closed_through`: last period with a statement, closed for posting; `closing_fen`: balance at its end.
    """

    receivable_fen = IntegerAttribute(default=0)
    bank_fen = IntegerAttribute(default=0)
    sales_fen = IntegerAttribute(default=0)
    output_tax_fen = IntegerAttribute(default=0)
    journal_count = IntegerAttribute(default=0)
    closed_through = UnicodeAttribute(null=True)
    closing_fen = IntegerAttribute(default=0)

    def total_of(self, account: Account) -> int:
        """Return debits less credits of an account, in fen."""
        return int(getattr(self, f"{account}_fen"))


# P  whether a void shipment is out of the ledger    pk: LEDGER#<dealer>    sk: VOIDED#<shipment>
class VoidedShipmentItem(Item, discriminator="voided_shipment"):
    """Void shipment whose journal is reversed, and whose reversal may not be reversed any more."""

    voided_at = UnicodeAttribute()


# P  journal of a document, once    pk: LEDGER#<dealer>    sk: JOURNAL#<kind>.<document>
class JournalItem(Item, discriminator="journal"):
    """A posted journal, with its posting day, time and author. `amounts`: {account: fen}."""

    dealer_id = UnicodeAttribute()
    document_kind = UnicodeAttribute()
    document_id = UnicodeAttribute()
    document_date = UnicodeAttribute()
    amounts: JSONAttribute = JSONAttribute()
    reference = UnicodeAttribute()
    due_on = UnicodeAttribute(null=True)
    reverses = UnicodeAttribute(null=True)
    posted_on = UnicodeAttribute()
    posted_at = UnicodeAttribute()
    posted_by = UnicodeAttribute()

    @property
    def journal(self) -> Journal:
        """The journal as it was posted."""
        return Journal(
            dealer_id=self.dealer_id,
            kind=DocumentKind(self.document_kind),
            document_id=self.document_id,
            document_date=date.fromisoformat(self.document_date),
            amounts={Account(account): int(fen) for account, fen in self.amounts.items()},
            reference=self.reference,
            due_on=_day_or_none(self.due_on),
            reverses=self.reverses,
        )


# P  entries of a dealer by day    pk: LEDGER#<dealer>    sk: ENTRY#<day>#<order of kind>#<journal>
class LedgerEntryItem(Item, discriminator="ledger_entry"):
    """One ledger entry: one line of a dealer's statements."""

    journal_id = UnicodeAttribute()
    document_kind = UnicodeAttribute()
    document_id = UnicodeAttribute()
    document_date = UnicodeAttribute()
    posted_on = UnicodeAttribute()
    reference = UnicodeAttribute()
    due_on = UnicodeAttribute(null=True)
    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()

    @property
    def entry(self) -> LedgerEntry:
        """The entry as it was posted."""
        return LedgerEntry(
            posted_on=date.fromisoformat(self.posted_on),
            journal_id=self.journal_id,
            kind=DocumentKind(self.document_kind),
            document_id=self.document_id,
            document_date=date.fromisoformat(self.document_date),
            reference=self.reference,
            due_on=_day_or_none(self.due_on),
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
        )


# P  totals of a dealer's entries by day and due day    pk: LEDGER#<dealer>    sk: DAY#<day>#<due day or ->
class DayTotalsItem(Item, discriminator="ledger_day"):
    """Totals of a dealer's entries of one day and due day, from which opening balances and ageing are computed."""

    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()
    line_count = IntegerAttribute()

    @property
    def totals(self) -> DayTotals:
        """The totals, with both days read from the key."""
        _, day, due_on = self.sk.split("#")
        return DayTotals(
            day=date.fromisoformat(day),
            due_on=None if due_on == _NOT_DUE else date.fromisoformat(due_on),
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
            line_count=self.line_count,
        )


# P  payment of a bank reference, once    pk: LEDGER#BANK#<bank>    sk: <reference>
class BankReferenceItem(Item, discriminator="bank_reference"):
    """Bank reference of a posted payment."""

    payment_id = UnicodeAttribute()


def ledger_pk(dealer_id: str) -> str:
    """Return the partition of a dealer's ledger."""
    return f"LEDGER#{dealer_id}"


def ledger_key(dealer_id: str) -> Key:
    """Return the key of a dealer's accounts."""
    return ledger_pk(dealer_id), "ACCOUNTS"


def bank_reference_key(bank: str, reference: str) -> Key:
    """Return the key of a bank reference, the same however it is written."""
    return f"LEDGER#BANK#{bank}", fold(reference)


def voided_shipment_key(dealer_id: str, shipment_id: str) -> Key:
    """Return the key of the mark that a void shipment is out of the ledger."""
    return ledger_pk(dealer_id), f"VOIDED#{shipment_id}"


def journal_key(journal_id: str) -> Key:
    """Return the key of a journal.

    Raises:
        NotFound: the text is no journal id.
    """
    try:
        dealer_id, document_key = split_journal_id(journal_id)
    except ValueError:
        raise NotFound from None
    return ledger_pk(dealer_id), f"JOURNAL#{document_key}"


def day_totals_key(dealer_id: str, day: date, due_on: date | None) -> Key:
    """Return the key of the totals of one day and due day."""
    return ledger_pk(dealer_id), f"DAY#{day}#{due_on or _NOT_DUE}"


def journal_item(journal: Journal, posted_on: date, posted_by: str) -> JournalItem:
    """Return the item of a journal that is posted now."""
    return JournalItem(
        *journal_key(journal.journal_id),
        dealer_id=journal.dealer_id,
        document_kind=journal.kind.value,
        document_id=journal.document_id,
        document_date=journal.document_date.isoformat(),
        amounts={account.value: fen for account, fen in journal.amounts.items()},
        reference=journal.reference,
        due_on=journal.due_on.isoformat() if journal.due_on else None,
        reverses=journal.reverses,
        posted_on=posted_on.isoformat(),
        posted_at=clock.stamp(),
        posted_by=posted_by,
    )


def entry_item(dealer_id: str, entry: LedgerEntry) -> LedgerEntryItem:
    """Return the item of a ledger entry."""
    return LedgerEntryItem(
        ledger_pk(dealer_id),
        f"ENTRY#{entry.posted_on}#{entry.kind.sort_order}#{entry.journal_id}",
        journal_id=entry.journal_id,
        document_kind=entry.kind.value,
        document_id=entry.document_id,
        document_date=entry.document_date.isoformat(),
        posted_on=entry.posted_on.isoformat(),
        reference=entry.reference,
        due_on=entry.due_on.isoformat() if entry.due_on else None,
        debit_fen=entry.debit_fen,
        credit_fen=entry.credit_fen,
    )


def _day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
