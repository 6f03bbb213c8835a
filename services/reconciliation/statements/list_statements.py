"""List issued statements, and show one with its lines."""

from __future__ import annotations

from typing import Any

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch, fetch_one, query_page
from reads.dealers import dealer_names
from services.reconciliation.ledger.queries import load_dealer_page
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
    """Return one page of a dealer's issued statements, newest first, or to staff those of all dealers of a month.

    Raises:
        NotFound: another dealer's, or no such dealer.
        Invalid: staff named no dealer.
    """
    if not caller.is_dealer and query.dealer_id is None and query.period is not None:
        return _statements_of_month(caller, query, query.period)
    dealer_id = dealer_id_of_statement(caller, query.dealer_id)
    bound_to = [caller.scope, "statements", dealer_id, str(query.period)]
    page = query_page(
        StatementItem,
        statement_pk(dealer_id),
        sk=StatementItem.sk.startswith(f"PERIOD#{query.period or ''}"),
        limit=query.limit,
        start=open_cursor(bound_to, query.cursor),
        newest_first=True,
        consistent=True,
    )
    name = _name_of(dealer_id)
    return IssuedPage(
        statements=[IssuedTotals(**_issued_fields(item, name)) for item in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def _statements_of_month(caller: Principal, query: StatementsQuery, period: str) -> IssuedPage:
    """Return the statements of a month of one page of dealers, by territory and id; those without one are left out."""
    bound_to = [caller.scope, "statements of a month", period]
    page = load_dealer_page(open_cursor(bound_to, query.cursor), query.limit)
    keys = [statement_key(dealer.dealer_id, period) for dealer in page.items]
    found = fetch(keys)
    items = [item for item in map(found.get, keys) if isinstance(item, StatementItem)]
    names = {dealer.dealer_id: dealer.name for dealer in page.items}
    return IssuedPage(
        statements=[IssuedTotals(**_issued_fields(item, names[item.dealer_id])) for item in items],
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
    return IssuedStatement(
        **_issued_fields(issued, _name_of(dealer_id)), lines=lines, next_cursor=next_cursor(bound_to, next_position)
    )


def _name_of(dealer_id: str) -> str:
    return dealer_names([dealer_id])[dealer_id]


def _issued_fields(item: StatementItem, dealer_name: str) -> dict[str, Any]:
    first, last = first_day(item.period), last_day(item.period)
    return {
        **totals_fields(item.dealer_id, dealer_name, first, last, item.amounts),
        "statement_id": item.statement_id,
        "period": item.period,
        "issued_at": item.issued_at,
    }
