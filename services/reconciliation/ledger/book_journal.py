"""Add a journal, or the closing of a month, to a transaction."""

from __future__ import annotations

from datetime import date

from kernel.store.transaction import Transaction
from services.reconciliation.ledger.balances import Movement
from services.reconciliation.ledger.items import (
    _NOT_DUE,
    DayItem,
    JournalItem,
    LedgerItem,
    _entry_item,
    _journal_item,
    ledger_key,
    ledger_pk,
)
from services.reconciliation.ledger.rules import Journal
from services.reconciliation.periods import period_of
from services.reconciliation.statements.items import StatementItem


def book_journal(transaction: Transaction, journal: Journal, *, posted_on: date, posted_by: str) -> JournalItem:
    """Let the transaction book_journal a journal: at most once, on that day, and only if the day's period is still open.

    Refusals stand under the labels `journal` (booked before) and `ledger` (the period is closed).
    """
    pk = ledger_pk(journal.dealer_id)
    movement = Movement.of(journal, posted_on)
    booked = _journal_item(journal, posted_on, posted_by)
    transaction.create(booked, "journal")
    transaction.create(_entry_item(pk, movement), "entry")
    transaction.update(
        DayItem,
        (pk, f"DAY#{posted_on}#{movement.due_on or _NOT_DUE}"),
        [
            DayItem.debit_fen.add(movement.debit_fen),
            DayItem.credit_fen.add(movement.credit_fen),
            DayItem.line_count.add(1),
        ],
        None,
        "day",
    )
    amounts = [getattr(LedgerItem, f"{account}_fen").add(fen) for account, fen in journal.amounts.items()]
    still_open = LedgerItem.closed_through.does_not_exist() | (LedgerItem.closed_through < period_of(posted_on))
    transaction.update(
        LedgerItem,
        ledger_key(journal.dealer_id),
        [*amounts, LedgerItem.journals.add(1)],
        still_open,
        "ledger",
    )
    return booked


def close_month(transaction: Transaction, ledger: LedgerItem, statement: StatementItem, closing_fen: int) -> None:
    """Let the transaction issue a statement and close_month its period, if nothing was booked since `ledger` was read."""
    transaction.create(statement, "statement")
    transaction.update(
        LedgerItem,
        (ledger.pk, ledger.sk),
        [LedgerItem.closed_through.set(statement.period), LedgerItem.closing_fen.set(closing_fen)],
        (LedgerItem.journals == ledger.journals)
        & (
            (LedgerItem.closed_through == ledger.closed_through)
            if ledger.closed_through
            else LedgerItem.closed_through.does_not_exist()
        ),
        "ledger",
    )
