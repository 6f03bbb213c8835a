"""Stored ledger: accounts, journals, entries, totals by day, bank references; their keys."""

from __future__ import annotations

import re
from datetime import date

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.base.problems import NotFound
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.time import clock
from services.reconciliation.ledger.balances import DayTotals, Movement
from services.reconciliation.ledger.rules import Account, DocumentKind, Journal

_JOURNAL_ID = re.compile(r"([A-Z0-9]{2,16})\.([!-~]{1,200})")


class LedgerItem(Item, discriminator="ledger"):
    """A dealer's accounts: debits less credits of each since ever, in fen, so the four always add up to zero.

    `journals`: how many were booked; it grows with every change, so it tells whether anything changed.
    `closed_through`: the last period with a statement, into which and before which nothing is booked any more;
    `closing_fen`: what was owed at its end.
    """

    receivable_fen = IntegerAttribute(default=0)
    bank_fen = IntegerAttribute(default=0)
    sales_fen = IntegerAttribute(default=0)
    output_tax_fen = IntegerAttribute(default=0)
    journals = IntegerAttribute(default=0)
    closed_through = UnicodeAttribute(null=True)
    closing_fen = IntegerAttribute(default=0)

    def total_of(self, account: Account) -> int:
        """Debits less credits of an account."""
        return int(getattr(self, f"{account}_fen"))


class JournalItem(Item, discriminator="journal"):
    """A booked document: the journal (domain.Journal), on which day, when and by whom. `amounts`: {account: fen}."""

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
        """The journal as booked."""
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


class EntryItem(Item, discriminator="ledger_entry"):
    """One line of a dealer's statements."""

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
    def movement(self) -> Movement:
        """The line."""
        return Movement(
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


class DayItem(Item, discriminator="ledger_day"):
    """Totals of a dealer's movements of one day and due day: what statements open with, and what is overdue."""

    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()
    line_count = IntegerAttribute()

    @property
    def totals(self) -> DayTotals:
        """The totals; both days stand in the key."""
        _, day, due_on = self.sk.split("#")
        return DayTotals(
            day=date.fromisoformat(day),
            due_on=None if due_on == _NOT_DUE else date.fromisoformat(due_on),
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
            line_count=self.line_count,
        )


class BankReferenceItem(Item, discriminator="bank_reference"):
    """That money with this reference was booked, and as which receipt."""

    payment_id = UnicodeAttribute()


_NOT_DUE = "-"


def ledger_pk(dealer_id: str) -> str:
    """The partition of a dealer's ledger."""
    return f"LEDGER#{dealer_id}"


def ledger_key(dealer_id: str) -> Key:
    """P1"""
    return ledger_pk(dealer_id), "ACCOUNTS"


def bank_reference_key(bank: str, reference: str) -> Key:
    """P5; spaces and case do not make another reference."""
    return f"LEDGER#BANK#{bank}", "".join(reference.split()).upper()


def journal_key(journal_id: str) -> Key:
    """P2

    Raises:
        NotFound: no journal can have such an id.
    """
    found = _JOURNAL_ID.fullmatch(journal_id)
    if found is None:
        raise NotFound
    return ledger_pk(found[1]), f"JOURNAL#{found[2]}"


def _journal_item(journal: Journal, posted_on: date, posted_by: str) -> JournalItem:
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


def _entry_item(pk: str, movement: Movement) -> EntryItem:
    return EntryItem(
        pk,
        f"ENTRY#{movement.posted_on}#{movement.kind.rank}#{movement.journal_id}",
        journal_id=movement.journal_id,
        document_kind=movement.kind.value,
        document_id=movement.document_id,
        document_date=movement.document_date.isoformat(),
        posted_on=movement.posted_on.isoformat(),
        reference=movement.reference,
        due_on=movement.due_on.isoformat() if movement.due_on else None,
        debit_fen=movement.debit_fen,
        credit_fen=movement.credit_fen,
    )


def _day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
