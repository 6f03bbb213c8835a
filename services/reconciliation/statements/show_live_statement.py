"""Show the live statement of a dealer, for any days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from typing import NamedTuple

from kernel.base.problems import FieldProblem, Invalid
from kernel.http.principal import Principal
from kernel.http.query_days import require_days_in_order
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one
from kernel.time import clock
from reads.dealers import dealer_names
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.queries import day_totals_between, load_account_balances
from services.reconciliation.periods import first_day, next_period, period_of
from services.reconciliation.statements import views
from services.reconciliation.statements.api import Statement, StatementQuery
from services.reconciliation.statements.items import StatementItem, statement_key
from services.reconciliation.statements.rules import StatementAmounts, statement_amounts

_MAX_DAYS = timedelta(days=366)

#: A journal posted between the reads makes the statement inconsistent, so it is read again, at most this often.
_MAX_READS = 5


class KnownBalance(NamedTuple):
    """Balance at the beginning of a day, known without adding up the days before."""

    day: date
    balance_fen: int


def show_live_statement(caller: Principal, query: StatementQuery) -> Statement:
    """Return the live statement of a dealer for the requested days.

    Raises:
        NotFound: another dealer's, or no such dealer.
        Invalid: staff named no dealer, or the days are in the wrong order or too many.
    """
    dealer_id = views.dealer_id_of_statement(caller, query.dealer_id)
    today = clock.business_date(clock.now())
    to_day = query.to_day or today
    from_day = query.from_day or to_day.replace(day=1)
    _check_days(from_day, to_day)
    bound_to = [caller.scope, "statement", dealer_id, str(from_day), str(to_day)]
    position = open_cursor(bound_to, query.cursor)
    before = load_account_balances(dealer_id)
    for _ in range(_MAX_READS):
        amounts = _load_amounts(dealer_id, before, from_day, to_day, aged_on=min(to_day, today))
        lines, next_position = views.line_page(dealer_id, from_day, to_day, amounts.opening_fen, query.limit, position)
        after = load_account_balances(dealer_id)
        if (after and after.journal_count) == (before and before.journal_count):
            break
        before = after
    return Statement(
        **views.totals_fields(dealer_id, dealer_names([dealer_id])[dealer_id], from_day, to_day, amounts),
        aged_on=min(to_day, today),
        lines=lines,
        next_cursor=next_cursor(bound_to, next_position),
    )


def _check_days(from_day: date, to_day: date) -> None:
    require_days_in_order(from_day, to_day)
    if to_day - from_day >= _MAX_DAYS:
        detail = f"最长 {_MAX_DAYS.days} 天 / at most {_MAX_DAYS.days} days at once"
        raise Invalid([FieldProblem(field="to", code="too-long", detail=detail)])


def _load_amounts(
    dealer_id: str, ledger: LedgerItem | None, from_day: date, to_day: date, *, aged_on: date
) -> StatementAmounts:
    known = _known_balance(dealer_id, ledger, from_day)
    since_known, older = day_totals_between(dealer_id, known.day, to_day)
    days = [totals for totals in since_known if totals.day >= from_day]
    before = since_known[len(days) :]
    opening_fen = known.balance_fen + sum(totals.change_fen for totals in before)
    return statement_amounts(opening_fen, days, chain(before, older), aged_on)


def _known_balance(dealer_id: str, ledger: LedgerItem | None, day: date) -> KnownBalance:
    """The latest known balance up to a day, so that a long history does not make the statement slow."""
    if ledger is None or ledger.closed_through is None:
        return KnownBalance(date.min, 0)
    if period_of(day) > ledger.closed_through:
        return KnownBalance(first_day(next_period(ledger.closed_through)), ledger.closing_fen)
    # A closed period without a statement is before the first entry, so the balance is 0.
    issued = fetch_one(StatementItem, statement_key(dealer_id, period_of(day)))
    return KnownBalance(first_day(period_of(day)), issued.opening_fen if issued else 0)
