"""Issue the statement of one dealer."""

from __future__ import annotations

from contracts.reconciliation import StatementIssued, StatementRequested
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.posting import close_period
from services.reconciliation.ledger.queries import day_totals_between, first_entry_day, load_account_balances
from services.reconciliation.periods import first_day, last_day
from services.reconciliation.statements.items import StatementItem, statement_key, statement_pk
from services.reconciliation.statements.rules import StatementAmounts, period_to_issue, statement_amounts

#: Journals may be posted while a statement is computed; after so many conflicts the message returns to its queue.
_ATTEMPTS = 10


def issue_statement(envelope: Envelope) -> None:
    """Issue a dealer's statement of a period, and the missing ones before it; existing statements do not change.

    Raises:
        Busy: journals were posted during every attempt.
    """
    requested = envelope.event
    if not isinstance(requested, StatementRequested):
        return
    dealer_id, wanted = requested.dealer_id, requested.period
    while retry_on_conflict(_ATTEMPTS, lambda: _issue_next(dealer_id, wanted)):
        pass


def _issue_next(dealer_id: str, wanted: str) -> bool:
    """Issue the next statement up to the wanted period; return False if none is due."""
    ledger = load_account_balances(dealer_id)
    period = _period_due(dealer_id, ledger, wanted) if ledger else None
    if ledger is None or period is None:
        return False
    _issue(dealer_id, ledger, period)
    return True


def _period_due(dealer_id: str, ledger: LedgerItem, wanted: str) -> str | None:
    first = None if ledger.closed_through else first_entry_day(dealer_id)
    return period_to_issue(ledger.closed_through, first, wanted)


def _issue(dealer_id: str, ledger: LedgerItem, period: str) -> None:
    first, last = first_day(period), last_day(period)
    # The period before is closed or has no entries, so its closing balance is the opening balance of this one.
    opening_fen = ledger.closing_fen
    days, older = day_totals_between(dealer_id, first, last)
    amounts = statement_amounts(opening_fen, days, older, last)
    statement = _statement_item(dealer_id, period, amounts)
    transaction = Transaction()
    transaction.create(statement, "statement")
    close_period(transaction, ledger, period, amounts.closing_fen)
    transaction.create(_statement_issued(statement, amounts), "event")
    transaction.commit()
    observability.count("StatementIssued")


def _statement_item(dealer_id: str, period: str, amounts: StatementAmounts) -> StatementItem:
    return StatementItem(
        *statement_key(dealer_id, period),
        dealer_id=dealer_id,
        period=period,
        opening_fen=amounts.opening_fen,
        debit_fen=amounts.debit_fen,
        credit_fen=amounts.credit_fen,
        line_count=amounts.line_count,
        ageing={band.value: fen for band, fen in amounts.ageing.items()},
        issued_at=clock.stamp(),
    )


def _statement_issued(statement: StatementItem, amounts: StatementAmounts) -> EventItem:
    event = StatementIssued(
        statement_id=statement.statement_id,
        dealer_id=statement.dealer_id,
        period=statement.period,
        opening_fen=amounts.opening_fen,
        closing_fen=amounts.closing_fen,
    )
    pk = statement_pk(statement.dealer_id)
    return outbox_event(event, pk=pk, subject=event.statement_id, sequence=1, dealer_id=event.dealer_id)
