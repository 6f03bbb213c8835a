"""Ledger entries, and their totals by day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from services.reconciliation.ledger.rules import DocumentKind, Journal


class LedgerEntry(NamedTuple):
    """Effect of one journal on what a dealer owes: one line of the statement. Either the debit or the credit is 0."""

    posted_on: date
    journal_id: str
    kind: DocumentKind
    document_id: str
    document_date: date
    reference: str
    due_on: date | None
    debit_fen: int
    credit_fen: int

    @classmethod
    def of(cls, journal: Journal, posted_on: date) -> LedgerEntry:
        """Return the entry of a journal."""
        return cls(
            posted_on=posted_on,
            journal_id=journal.journal_id,
            kind=journal.kind,
            document_id=journal.document_id,
            document_date=journal.document_date,
            reference=journal.reference,
            due_on=journal.due_on,
            debit_fen=max(journal.owed_fen, 0),
            credit_fen=max(-journal.owed_fen, 0),
        )

    @property
    def change_fen(self) -> int:
        """Change of what the dealer owes."""
        return self.debit_fen - self.credit_fen


class DayTotals(NamedTuple):
    """Totals of the entries posted on one day with one due day (shipments, their reversals) or none (payments)."""

    day: date
    due_on: date | None
    debit_fen: int
    credit_fen: int
    line_count: int

    @property
    def change_fen(self) -> int:
        """Change of what the dealer owes."""
        return self.debit_fen - self.credit_fen
