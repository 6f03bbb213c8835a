"""Show the live statement and issued ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import chain
from typing import Any

from contracts.dealers import DealerItem, dealer_key
from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one, query_page
from kernel.time import clock
from services.reconciliation.ledger.balances import Movement
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.read_ledger import days_of, load_ledger, movements
from services.reconciliation.periods import first_day, last_day
from services.reconciliation.statements.api import (
    AgeingBandView,
    IssuedPage,
    IssuedStatement,
    IssuedTotals,
    LinesQuery,
    Statement,
    StatementLine,
    StatementQuery,
    StatementsQuery,
)
from services.reconciliation.statements.items import (
    StatementItem,
    parse_statement_id,
    start_for,
    statement_key,
    statement_pk,
)
from services.reconciliation.statements.rules import AgeingBand, StatementTotalsFen, stated

_LONGEST = timedelta(days=366)

#: A reading during which something was booked does not add up, and is done again so often.
_READINGS = 5


def show_statement(caller: Principal, query: StatementQuery) -> Statement:
    """A dealer's account from day to day, as it stands.

    Raises:
        NotFound: not the caller's account, or no such dealer.
        Invalid: staff named no dealer, or the days are not a time we can show.
    """
    dealer_id = _dealer_of(caller, query.dealer_id)
    today = clock.business_date(clock.now())
    to_day = query.to_day or today
    from_day = query.from_day or to_day.replace(day=1)
    _check_days(from_day, to_day)
    bound_to = [caller.scope, "statement", dealer_id, str(from_day), str(to_day)]
    position = open_cursor(bound_to, query.cursor)
    before = load_ledger(dealer_id)
    for _ in range(_READINGS):
        totals = _totals(dealer_id, before, from_day, to_day, aged_on=min(to_day, today))
        lines, rest = _lines(dealer_id, from_day, to_day, totals.opening_fen, query.limit, position)
        after = load_ledger(dealer_id)
        if (after and after.journals) == (before and before.journals):
            break
        before = after
    return Statement(
        **_totals_view(dealer_id, from_day, to_day, totals),
        aged_on=min(to_day, today),
        lines=lines,
        next_cursor=next_cursor(bound_to, rest),
    )


def list_statements(caller: Principal, query: StatementsQuery) -> IssuedPage:
    """A dealer's issued statements, newest first.

    Raises:
        NotFound: not the caller's, or no such dealer.
        Invalid: staff named no dealer.
    """
    dealer_id = _dealer_of(caller, query.dealer_id)
    bound_to = [caller.scope, "statements", dealer_id]
    page = query_page(
        StatementItem,
        statement_pk(dealer_id),
        sk=StatementItem.sk.startswith("PERIOD#"),
        limit=query.limit,
        start=open_cursor(bound_to, query.cursor),
        newest_first=True,
        consistent=True,
    )
    return IssuedPage(
        statements=[IssuedTotals(**_issued_view(item)) for item in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def show_issued(caller: Principal, statement_id: str, query: LinesQuery) -> IssuedStatement:
    """An issued statement and a page of its lines, the same for ever.

    Raises:
        NotFound: there is none, or it is another dealer's.
    """
    dealer_id, period = parse_statement_id(statement_id)
    if caller.dealer_id not in {None, dealer_id}:
        raise NotFound
    issued = fetch_one(StatementItem, statement_key(dealer_id, period))
    if issued is None:
        raise NotFound
    bound_to = [caller.scope, "issued", statement_id]
    position = open_cursor(bound_to, query.cursor)
    first, last = first_day(period), last_day(period)
    lines, rest = _lines(dealer_id, first, last, issued.opening_fen, query.limit, position)
    return IssuedStatement(**_issued_view(issued), lines=lines, next_cursor=next_cursor(bound_to, rest))


def _dealer_of(caller: Principal, asked_for: str | None) -> str:
    """Whose ledger: the caller's own, or for staff that of the dealer named."""
    if caller.dealer_id is not None:
        if asked_for not in {None, caller.dealer_id}:
            raise NotFound
        return caller.dealer_id
    if asked_for is None:
        detail = "请指定经销商 / say which dealer"
        raise Invalid([FieldProblem(field="dealer_id", code="missing", detail=detail)])
    if fetch_one(DealerItem, dealer_key(asked_for)) is None:
        raise NotFound
    return asked_for


def _check_days(from_day: date, to_day: date) -> None:
    if from_day > to_day:
        detail = "起始日不能晚于截止日 / must not be after the last day"
        raise Invalid([FieldProblem(field="from", code="after-to", detail=detail)])
    if to_day - from_day >= _LONGEST:
        detail = f"最长 {_LONGEST.days} 天 / at most {_LONGEST.days} days at once"
        raise Invalid([FieldProblem(field="to", code="too-long", detail=detail)])


def _totals(
    dealer_id: str, ledger: LedgerItem | None, from_day: date, to_day: date, *, aged_on: date
) -> StatementTotalsFen:
    start = start_for(dealer_id, ledger, from_day)
    since_start, older = days_of(dealer_id, start.day, to_day)
    days = [totals for totals in since_start if totals.day >= from_day]
    before = since_start[len(days) :]
    opening_fen = start.opening_fen + sum(totals.change_fen for totals in before)
    return stated(opening_fen, days, chain(before, older), aged_on)


def _lines(
    dealer_id: str, first: date, last: date, opening_fen: int, limit: int, position: dict[str, Any] | None
) -> tuple[list[StatementLine], dict[str, Any] | None]:
    """One page of lines, and the position after it: where to go on, and with which balance."""
    position = position or {"after": None, "balance_fen": opening_fen}
    page = movements(dealer_id, first, last, limit=limit, start=position["after"])
    lines = _with_balances(position["balance_fen"], (item.movement for item in page.items))
    if page.next_key is None:
        return lines, None
    return lines, {"after": page.next_key, "balance_fen": lines[-1].balance_fen}


def _with_balances(balance_fen: int, movements: Iterable[Movement]) -> list[StatementLine]:
    lines = []
    for movement in movements:
        balance_fen += movement.change_fen
        lines.append(
            StatementLine(
                posted_on=movement.posted_on,
                document_date=movement.document_date,
                kind=movement.kind,
                label=movement.kind.label,
                document_id=movement.document_id,
                reference=movement.reference,
                due_on=movement.due_on,
                journal_id=movement.journal_id,
                debit_fen=movement.debit_fen,
                credit_fen=movement.credit_fen,
                balance_fen=balance_fen,
            )
        )
    return lines


def _issued_view(item: StatementItem) -> dict[str, Any]:
    first, last = first_day(item.period), last_day(item.period)
    return {
        **_totals_view(item.dealer_id, first, last, item.totals),
        "statement_id": item.statement_id,
        "period": item.period,
        "issued_at": item.issued_at,
    }


def _totals_view(dealer_id: str, from_day: date, to_day: date, totals: StatementTotalsFen) -> dict[str, Any]:
    return {
        "dealer_id": dealer_id,
        "from_day": from_day,
        "to_day": to_day,
        "opening_fen": totals.opening_fen,
        "debit_fen": totals.debit_fen,
        "credit_fen": totals.credit_fen,
        "closing_fen": totals.closing_fen,
        "line_count": totals.line_count,
        "ageing": [AgeingBandView(band=band, label=band.label, amount_fen=totals.ageing[band]) for band in AgeingBand],
    }
