"""Queries and answers about statements and statement runs."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from kernel.base.money import CURRENCY, Currency
from kernel.http.models import Answer, Body, Day, DealerId, Query
from kernel.http.text_forms import text_form
from services.reconciliation.ledger.rules import DocumentKind
from services.reconciliation.periods import PERIOD
from services.reconciliation.statements.rules import AgeingBand

_Cursor = Annotated[str, Field(max_length=4_000)]


class StatementQuery(Query):
    """Days of the statement, both inclusive; by default this month until today. Only staff give `dealer_id`."""

    dealer_id: DealerId | None = None
    from_day: Day | None = Field(None, alias="from")
    to_day: Day | None = Field(None, alias="to")
    cursor: _Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


_Period = Annotated[str, text_form(f"^{PERIOD}$", "月份(年-月)", "a month, year-month", example="2026-10")]


class StatementsQuery(Query):
    """Dealer, month and page of the list of statements. Only staff give `dealer_id`, or `period` for all dealers."""

    dealer_id: DealerId | None = None
    period: _Period | None = None
    cursor: _Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 24


class LinesQuery(Query):
    """Page of a statement's lines."""

    cursor: _Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class AgeingBandView(Answer):
    """Part of the closing balance in one ageing band; payments settle the oldest shipments first."""

    band: AgeingBand
    label_zh: str
    label_en: str
    amount_fen: int


class StatementLine(Answer):
    """One document and the balance after it. `posted_on` is later than `document_date` if the document came late."""

    posted_on: date
    document_date: date
    kind: DocumentKind
    label_zh: str
    label_en: str
    document_id: str
    reference: str
    due_on: date | None
    journal_id: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


class StatementTotals(Answer):
    """Totals: closing = opening + debit − credit. The ageing adds up to the closing balance, or to 0 below 0."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    dealer_id: str
    dealer_name: str
    from_day: date = Field(alias="from")
    to_day: date = Field(alias="to")
    currency: Currency = CURRENCY
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int
    line_count: int
    ageing: list[AgeingBandView]


class Statement(StatementTotals):
    """Live statement: totals of all its days, and one page of its lines."""

    aged_on: date
    lines: list[StatementLine]
    next_cursor: str | None


class IssuedTotals(StatementTotals):
    """Issued statement of a month; never changed."""

    statement_id: str
    period: str
    issued_at: str


class IssuedStatement(IssuedTotals):
    """Issued statement of a month, and one page of its lines."""

    lines: list[StatementLine]
    next_cursor: str | None


class IssuedPage(Answer):
    """One page of issued statements, newest first; `next_cursor` is null after the last page."""

    statements: list[IssuedTotals]
    next_cursor: str | None


class StartStatementRun(Body):
    """Period to issue statements for; it must have ended."""

    period: _Period


class StatementRun(Answer):
    """Progress of a statement run. Each requested statement is issued within seconds.

    `requested`: statements requested in this round; a dealer that already has its statement is not counted.
    """

    period: str
    state: Literal["requesting", "requested"]
    round: int
    requested: int
    started_at: str
    started_by: str
