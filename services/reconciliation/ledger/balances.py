"""Movements and totals by day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from services.reconciliation.ledger.rules import DocumentKind, Journal


class Movement(NamedTuple):
    """What one journal did to a dealer's account: a line of the statement. Exactly one of debit and credit is not 0."""

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
    def of(cls, journal: Journal, posted_on: date) -> Movement:
        """The movement a journal makes."""
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
        """Change of what is owed."""
        return self.debit_fen - self.credit_fen


class DayTotals(NamedTuple):
    """The movements booked on one day that bear one due day (shipments and their reversals) or none (money)."""

    day: date
    due_on: date | None
    debit_fen: int
    credit_fen: int
    line_count: int

    @property
    def change_fen(self) -> int:
        """Change of what is owed."""
        return self.debit_fen - self.credit_fen
