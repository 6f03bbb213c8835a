"""List issued statements, and show one with its lines."""

from __future__ import annotations

from typing import Any

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch_one, query_page
from services.reconciliation.periods import first_day, last_day
from services.reconciliation.statements.api import (
    IssuedPage,
    IssuedStatement,
    IssuedTotals,
    LinesQuery,
    StatementsQuery,
)
from services.reconciliation.statements.items import (
    StatementItem,
    parse_statement_id,
    statement_key,
    statement_pk,
)
from services.reconciliation.statements.views import dealer_id_of_statement, line_page, totals_fields


def list_statements(caller: Principal, query: StatementsQuery) -> IssuedPage:
    """Return one page of a dealer's issued statements, newest first.

    Raises:
        NotFound: another dealer's, or no such dealer.
        Invalid: staff named no dealer.
    """
    dealer_id = dealer_id_of_statement(caller, query.dealer_id)
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
        statements=[IssuedTotals(**_issued_fields(item)) for item in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def show_issued_statement(caller: Principal, statement_id: str, query: LinesQuery) -> IssuedStatement:
    """Return an issued statement and one page of its lines.

    Raises:
        NotFound: there is no such statement, or it is another dealer's.
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
    lines, next_position = line_page(dealer_id, first, last, issued.opening_fen, query.limit, position)
    return IssuedStatement(**_issued_fields(issued), lines=lines, next_cursor=next_cursor(bound_to, next_position))


def _issued_fields(item: StatementItem) -> dict[str, Any]:
    first, last = first_day(item.period), last_day(item.period)
    return {
        **totals_fields(item.dealer_id, first, last, item.amounts),
        "statement_id": item.statement_id,
        "period": item.period,
        "issued_at": item.issued_at,
    }
