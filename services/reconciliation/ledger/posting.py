"""Posting: write a journal on its day or on the first open day, and close periods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from kernel.base import observability
from kernel.store.transaction import Transaction, TransactionRefused
from services.reconciliation.ledger.entries import LedgerEntry
from services.reconciliation.ledger.items import (
    DayTotalsItem,
    JournalItem,
    LedgerItem,
    day_totals_key,
    entry_item,
    journal_item,
    ledger_key,
)
from services.reconciliation.ledger.queries import load_account_balances
from services.reconciliation.ledger.rules import Journal, posting_day
from services.reconciliation.periods import period_of

#: A period may be closed while a document of it is posted; twice in a row is improbable.
_ATTEMPTS = 3


def post_journal(
    journal: Journal,
    *,
    posted_by: str,
    add_more: Callable[[Transaction, JournalItem], None] = lambda _transaction, _posted: None,
) -> JournalItem:
    """Post a journal on its day, or on the first open day if that period is closed.

    Args:
        add_more: adds further writes to the same transaction.

    Raises:
        TransactionRefused: `journal` the document was posted before.
    """
    closed_through = None
    for _ in range(_ATTEMPTS):
        transaction = Transaction()
        posted_on = posting_day(journal.document_date, closed_through)
        posted = _add_journal(transaction, journal, posted_on, posted_by)
        add_more(transaction, posted)
        try:
            transaction.commit()
        except TransactionRefused as refused:
            if set(refused.reasons) != {"ledger"}:
                raise
            closed_through = _closed_through(journal.dealer_id)
            continue
        if closed_through:
            observability.count("PostedLate")
        return posted
    raise RuntimeError(f"{journal.journal_id}: the ledger was closed during each attempt")


def close_period(transaction: Transaction, ledger: LedgerItem, period: str, closing_fen: int) -> None:
    """Add the closing of a period to the transaction, under the label `ledger`.

    The transaction fails if a journal was posted since `ledger` was read.
    """
    transaction.update_fields(
        LedgerItem,
        (ledger.pk, ledger.sk),
        {"closed_through": period, "closing_fen": closing_fen},
        expected={"journal_count": ledger.journal_count, "closed_through": ledger.closed_through},
        label="ledger",
    )


def _add_journal(transaction: Transaction, journal: Journal, posted_on: date, posted_by: str) -> JournalItem:
    """Add a journal, its entry and its totals to the transaction.

    The transaction fails with the label `journal` if the document was posted before, with `ledger` if the period of
    `posted_on` is closed.
    """
    entry = LedgerEntry.of(journal, posted_on)
    posted = journal_item(journal, posted_on, posted_by)
    transaction.create(posted, "journal")
    transaction.create(entry_item(journal.dealer_id, entry), "entry")
    transaction.update_fields(
        DayTotalsItem,
        day_totals_key(journal.dealer_id, posted_on, entry.due_on),
        {},
        increments={"debit_fen": entry.debit_fen, "credit_fen": entry.credit_fen, "line_count": 1},
        label="day",
    )
    amounts = {f"{account}_fen": fen for account, fen in journal.amounts.items()}
    period_is_open = LedgerItem.closed_through.does_not_exist() | (LedgerItem.closed_through < period_of(posted_on))
    transaction.update_fields(
        LedgerItem,
        ledger_key(journal.dealer_id),
        {},
        increments={**amounts, "journal_count": 1},
        condition=period_is_open,
        label="ledger",
    )
    return posted


def _closed_through(dealer_id: str) -> str | None:
    ledger = load_account_balances(dealer_id)
    return ledger.closed_through if ledger else None
