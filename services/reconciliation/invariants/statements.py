"""Invariants of statements: they follow each other without a gap and have the lines of their period."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from contracts.reconciliation import StatementIssued, StatementRequested
from kernel.invariants.snapshot import Finding, Snapshot
from services.reconciliation.ledger.items import DayTotalsItem, LedgerEntryItem, LedgerItem
from services.reconciliation.periods import next_period
from services.reconciliation.statements.items import StatementItem


def statements_have_the_lines_of_their_period(snapshot: Snapshot) -> Iterator[Finding]:
    """Find statements whose totals are not the sums of the period, or that do not open where the last one closed."""
    entries = snapshot.by_partition(LedgerEntryItem)
    for dealer_id, statements in sorted(snapshot.cached(_statements_by_dealer).items()):
        opening = 0
        for statement in statements:
            lines = [entry for entry in entries.get(dealer_id, []) if entry.posted_on.startswith(statement.period)]
            expected = opening, sum(line.debit_fen for line in lines), sum(line.credit_fen for line in lines)
            stored = statement.opening_fen, statement.debit_fen, statement.credit_fen
            if stored != expected or statement.line_count != len(lines):
                detail = f"opening, debit, credit {stored}, by its lines {expected}"
                yield Finding("statement-lines", f"{dealer_id} {statement.period}", detail)
            opening = statement.amounts.closing_fen


def statement_periods_have_no_gap(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers with a gap between statements, or whose ledger is not closed with the last statement."""
    statements = snapshot.cached(_statements_by_dealer)
    closed = {ledger.pk.partition("#")[2]: ledger for ledger in snapshot.items(LedgerItem) if ledger.closed_through}
    for dealer_id in sorted(statements.keys() | closed.keys()):
        issued, ledger = statements.get(dealer_id, []), closed.get(dealer_id)
        periods = [statement.period for statement in issued]
        if any(next_period(period) != following for period, following in pairwise(periods)):
            yield Finding("statement-gap", dealer_id, f"{periods}")
        last = (periods[-1], issued[-1].amounts.closing_fen) if issued else None
        stored = (ledger.closed_through, ledger.closing_fen) if ledger else None
        if last != stored:
            detail = f"ledger closed with {stored}, its last statement with {last}"
            yield Finding("statement-closing", dealer_id, detail)


def statement_ageing_adds_up_to_closing_balance(snapshot: Snapshot) -> Iterator[Finding]:
    """Find statements whose ageing bands do not add up to what is owed at the end of the period."""
    for statement in snapshot.items(StatementItem):
        aged, closing = sum(statement.amounts.ageing.values()), statement.amounts.closing_fen
        if aged != max(closing, 0):
            yield Finding("statement-ageing", statement.statement_id, f"aged {aged} fen, owed {closing}")


def statement_events_match_statements(snapshot: Snapshot) -> Iterator[Finding]:
    """Find statements whose event has other balances, and statements or events without the other."""
    published = {
        message.data["statement_id"]: (message.data["opening_fen"], message.data["closing_fen"])
        for message in snapshot.events_of_type(StatementIssued.TYPE)
    }
    issued = {item.statement_id: (item.opening_fen, item.amounts.closing_fen) for item in snapshot.items(StatementItem)}
    for statement_id in sorted(published.keys() | issued.keys()):
        if published.get(statement_id) != issued.get(statement_id):
            detail = f"opening and closing {issued.get(statement_id)}, in its event {published.get(statement_id)}"
            yield Finding("statement-event", statement_id, detail)


def requested_statements_are_issued(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find statements that are due and were not issued, of dealers with a booking by the end of the period."""
    closed = {ledger.pk.partition("#")[2]: ledger.closed_through or "" for ledger in snapshot.items(LedgerItem)}
    days = snapshot.by_partition(DayTotalsItem)
    first_months = {dealer_id: min(day.sk for day in of_dealer)[4:11] for dealer_id, of_dealer in days.items()}
    for message in snapshot.events_of_type(StatementRequested.TYPE):
        dealer_id, period = message.data["dealer_id"], message.data["period"]
        has_bookings = first_months.get(dealer_id, "~") <= period
        if has_bookings and closed.get(dealer_id, "") < period and message.time < due:
            yield Finding("statement-missing", f"{dealer_id} {period}", f"requested at {message.time}")


ALWAYS = (
    statements_have_the_lines_of_their_period,
    statement_periods_have_no_gap,
    statement_ageing_adds_up_to_closing_balance,
)
ALWAYS_WITH_EVENTS = (statement_events_match_statements,)
WHEN_DUE = (requested_statements_are_issued,)


def _statements_by_dealer(snapshot: Snapshot) -> dict[str, list[StatementItem]]:
    """Return the statements of each dealer, oldest first."""
    found = snapshot.by_partition(StatementItem)
    return {dealer_id: sorted(items, key=lambda item: str(item.period)) for dealer_id, items in found.items()}
