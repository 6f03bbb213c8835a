"""Show a journal."""

from __future__ import annotations

from services.reconciliation.journals.api import JournalView
from services.reconciliation.journals.views import journal_view
from services.reconciliation.ledger.queries import load_journal


def show_journal(journal_id: str) -> JournalView:
    """Return a journal.

    Raises:
        NotFound: there is no such journal.
    """
    item, is_reversed = load_journal(journal_id)
    return journal_view(item, is_reversed=is_reversed)
