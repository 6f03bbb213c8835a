"""Stored statements and statement runs."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.base.problems import NotFound
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch_one
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.periods import first_day, next_period, period_of
from services.reconciliation.statements.rules import AgeingBand, StatementTotalsFen

_PERIOD = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"

_STATEMENT_ID = re.compile(rf"([A-Z0-9]{{2,16}})-({_PERIOD})")


class StatementItem(Item, discriminator="statement"):
    """An issued statement: totals in fen and ageing ({band: fen}) as they were; its lines are P3 of its period."""

    dealer_id = UnicodeAttribute()
    period = UnicodeAttribute()
    opening_fen = IntegerAttribute()
    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()
    line_count = IntegerAttribute()
    ageing: JSONAttribute = JSONAttribute()
    issued_at = UnicodeAttribute()

    @property
    def statement_id(self) -> str:
        """`D0001-2026-11`."""
        return f"{self.dealer_id}-{self.period}"

    @property
    def totals(self) -> StatementTotalsFen:
        """The totals as issued."""
        return StatementTotalsFen(
            opening_fen=self.opening_fen,
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
            line_count=self.line_count,
            ageing={AgeingBand(band): int(fen) for band, fen in self.ageing.items()},
        )


class StatementRunItem(Item, discriminator="statement_run"):
    """How far the statements of a period are asked for.

    `state`: requesting | requested; `round`: how often the period was run; `said`: events of all rounds so far, which
    also numbers them; `requested`: statements asked for in this round; `after`: where in the list of dealers to go on;
    `version` grows with every write.
    """

    period = UnicodeAttribute()
    state = UnicodeAttribute()
    round = IntegerAttribute()
    said = IntegerAttribute()
    requested = IntegerAttribute()
    after: JSONAttribute = JSONAttribute(null=True)
    version = IntegerAttribute()
    started_at = UnicodeAttribute()
    started_by = UnicodeAttribute()


def statement_pk(dealer_id: str) -> str:
    """The partition of a dealer's statements."""
    return f"STATEMENT#{dealer_id}"


def statement_key(dealer_id: str, period: str) -> Key:
    """P7"""
    return statement_pk(dealer_id), f"PERIOD#{period}"


def run_key(period: str) -> Key:
    """P8"""
    return f"STATEMENT#RUN#{period}", "RUN"


def parse_statement_id(statement_id: str) -> tuple[str, str]:
    """Dealer and period.

    Raises:
        NotFound: no statement can have such an id.
    """
    found = _STATEMENT_ID.fullmatch(statement_id)
    if found is None:
        raise NotFound
    return found[1], found[2]


class Start(NamedTuple):
    """A day before which everything is summed up already: `opening_fen` was owed when it began."""

    day: date
    opening_fen: int


def start_for(dealer_id: str, ledger: LedgerItem | None, day: date) -> Start:
    """The latest known start not after `day`; from there on few totals remain to be added, however long the history."""
    if ledger is None or ledger.closed_through is None:
        return Start(date.min, 0)
    if period_of(day) > ledger.closed_through:
        return Start(first_day(next_period(ledger.closed_through)), ledger.closing_fen)
    # In a closed period without a statement lies nothing: the first statement is that of the first movement.
    issued = fetch_one(StatementItem, statement_key(dealer_id, period_of(day)))
    return Start(first_day(period_of(day)), issued.opening_fen if issued else 0)
