"""Issue the statement of one dealer."""

from __future__ import annotations

from contracts.reconciliation import StatementIssued, StatementRequested
from kernel.base import observability
from kernel.base.problems import Busy
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.reconciliation.ledger.book_journal import close_month
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.read_ledger import days_of, load_ledger
from services.reconciliation.periods import first_day, last_day
from services.reconciliation.statements.items import StatementItem, statement_key, statement_pk
from services.reconciliation.statements.rules import StatementTotalsFen, stated
from services.reconciliation.statements.run_statements import _period_due

#: Documents keep arriving while a statement is made; it starts over so often before its message goes back.
_ATTEMPTS = 10


def generate_statement(message: Envelope) -> None:
    """Make a dealer's statement of a period, and those before it that are missing; what exists stays as it is.

    Raises:
        Busy: documents kept being booked all the while.
    """
    requested = message.event
    if not isinstance(requested, StatementRequested):
        return
    refusals = 0
    while refusals < _ATTEMPTS:
        ledger = load_ledger(requested.dealer_id)
        if ledger is None:
            return
        period = _period_due(requested.dealer_id, ledger, requested.period)
        if period is None:
            return
        try:
            _issue(requested.dealer_id, ledger, period)
        except TransactionRefused:
            refusals += 1  # something was booked, or the same statement made, since the ledger was read
    raise Busy


def _issue(dealer_id: str, ledger: LedgerItem, period: str) -> None:
    first, last = first_day(period), last_day(period)
    # The period before is closed, or nothing was ever booked in it: so this is what the dealer owed when it ended.
    opening_fen = ledger.closing_fen
    days, older = days_of(dealer_id, first, last)
    totals = stated(opening_fen, days, older, last)
    statement = _statement_item(dealer_id, period, totals)
    transaction = Transaction()
    close_month(transaction, ledger, statement, totals.closing_fen)
    transaction.create(_statement_issued(statement, totals), "event")
    transaction.commit()
    observability.count("StatementIssued")


def _statement_item(dealer_id: str, period: str, totals: StatementTotalsFen) -> StatementItem:
    return StatementItem(
        *statement_key(dealer_id, period),
        dealer_id=dealer_id,
        period=period,
        opening_fen=totals.opening_fen,
        debit_fen=totals.debit_fen,
        credit_fen=totals.credit_fen,
        line_count=totals.line_count,
        ageing={band.value: fen for band, fen in totals.ageing.items()},
        issued_at=clock.stamp(),
    )


def _statement_issued(statement: StatementItem, totals: StatementTotalsFen) -> EventItem:
    event = StatementIssued(
        statement_id=statement.statement_id,
        dealer_id=statement.dealer_id,
        period=statement.period,
        opening_fen=totals.opening_fen,
        closing_fen=totals.closing_fen,
    )
    pk = statement_pk(statement.dealer_id)
    return outbox_event(event, pk=pk, subject=event.statement_id, sequence=1, dealer_id=event.dealer_id)
