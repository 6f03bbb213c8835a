"""Views of journals in answers."""

from __future__ import annotations

from datetime import date

from reads.dealers import dealer_names
from services.reconciliation.journals.api import JournalEntry, JournalView
from services.reconciliation.ledger.items import JournalItem
from services.reconciliation.ledger.rules import reversal_id


def journal_view(item: JournalItem, *, is_reversed: bool) -> JournalView:
    """Return a journal as an answer shows it."""
    journal = item.journal
    return JournalView(
        journal_id=journal.journal_id,
        dealer_id=journal.dealer_id,
        dealer_name=dealer_names([journal.dealer_id])[journal.dealer_id],
        kind=journal.kind,
        **journal.kind.label.fields,
        document_id=journal.document_id,
        document_date=journal.document_date,
        posted_on=date.fromisoformat(item.posted_on),
        due_on=journal.due_on,
        reference=journal.reference,
        entries=[
            JournalEntry(account=account, **account.label.fields, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))
            for account, fen in journal.amounts.items()
        ],
        posted_at=item.posted_at,
        posted_by=item.posted_by,
        reverses=journal.reverses,
        reversed_by=reversal_id(journal.journal_id) if is_reversed else None,
    )
