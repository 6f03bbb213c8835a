"""Queries and answers about statements and statement runs."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from kernel.base.money import CURRENCY
from kernel.http.models import Answer, Body, DealerId, Query
from services.reconciliation.periods import PERIOD

_Cursor = Annotated[str, Field(max_length=4_000)]


class StatementQuery(Query):
    """From which to which day, both inclusive; this month until today if not said. `dealer_id` is for staff."""

    dealer_id: DealerId | None = None
    from_day: date | None = Field(None, alias="from")
    to_day: date | None = Field(None, alias="to")
    cursor: _Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class StatementsQuery(Query):
    """`dealer_id` is for staff."""

    dealer_id: DealerId | None = None
    cursor: _Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 24


class LinesQuery(Query):
    """Which page of a statement's lines."""

    cursor: _Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class AgeingBandView(Answer):
    """What of the closing balance is overdue for so long, money having paid the oldest shipments first."""

    band: str
    label: str
    amount_fen: int


class StatementLine(Answer):
    """One document and the balance after it. `posted_on` differs from `document_date` when the document came late."""

    posted_on: date
    document_date: date
    kind: str
    label: str
    document_id: str
    reference: str
    due_on: date | None
    journal_id: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


class StatementTotals(Answer):
    """closing = opening + debit − credit. The ageing adds up to the closing balance, or to 0 if that is negative."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    dealer_id: str
    from_day: date = Field(alias="from")
    to_day: date = Field(alias="to")
    currency: str = CURRENCY
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int
    line_count: int
    ageing: list[AgeingBandView]


class Statement(StatementTotals):
    """The account as it is now: totals of the whole time asked for, and one page of its lines."""

    aged_on: date
    lines: list[StatementLine]
    next_cursor: str | None


class IssuedTotals(StatementTotals):
    """A month's statement as issued, never changed again."""

    statement_id: str
    period: str
    issued_at: str


class IssuedStatement(IssuedTotals):
    """A month's statement and one page of its lines."""

    lines: list[StatementLine]
    next_cursor: str | None


class IssuedPage(Answer):
    """Statements, newest first, and the cursor for the next page, null after the last."""

    statements: list[IssuedTotals]
    next_cursor: str | None


class StartStatementRun(Body):
    """Make the statements of a month that is over."""

    period: Annotated[str, Field(pattern=PERIOD)]


class StatementRun(Answer):
    """How far the statements of a period are asked for; each is then made on its own within seconds.

    `requested`: statements asked for in this round; a dealer that has its statement already is not asked again.
    """

    period: str
    state: Literal["requesting", "requested"]
    round: int
    requested: int
    started_at: str
    started_by: str
