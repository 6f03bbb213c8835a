"""Stored statements and statement runs."""

from __future__ import annotations

import re

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.base.problems import NotFound
from kernel.store.items import IntegerAttribute, Item, Key
from services.reconciliation.periods import PERIOD
from services.reconciliation.statements.rules import AgeingBand, StatementAmounts

_STATEMENT_ID = re.compile(rf"([^#]{{2,16}})-({PERIOD})")


# P  statements of a dealer, newest first    pk: STATEMENT#<dealer>    sk: PERIOD#<period>
class StatementItem(Item, discriminator="statement"):
    """An issued statement: amounts in fen and ageing ({band: fen}). Its lines are the ledger entries of its period."""

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
        """Id of the statement, such as `D0001-2026-11`."""
        return f"{self.dealer_id}-{self.period}"

    @property
    def amounts(self) -> StatementAmounts:
        """The amounts as issued."""
        return StatementAmounts(
            opening_fen=self.opening_fen,
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
            line_count=self.line_count,
            ageing={AgeingBand(band): int(fen) for band, fen in self.ageing.items()},
        )


# P  progress of a statement run    pk: STATEMENT#RUN#<period>    sk: RUN
class StatementRunItem(Item, discriminator="statement_run"):
    """Progress of the statement run of a period.

    `state`: requesting | requested; `round`: number of times the period was run; `event_count`: events of all rounds,
    which also numbers them; `requested`: statements requested in this round; `next_key`: the next page of dealers;
    `version` grows with every write.
    """

    period = UnicodeAttribute()
    state = UnicodeAttribute()
    round = IntegerAttribute()
    event_count = IntegerAttribute()
    requested = IntegerAttribute()
    next_key: JSONAttribute = JSONAttribute(null=True)
    version = IntegerAttribute()
    started_at = UnicodeAttribute()
    started_by = UnicodeAttribute()


def statement_pk(dealer_id: str) -> str:
    """Return the partition of a dealer's statements."""
    return f"STATEMENT#{dealer_id}"


def statement_key(dealer_id: str, period: str) -> Key:
    """Return the key of a dealer's statement of a period."""
    return statement_pk(dealer_id), f"PERIOD#{period}"


def run_key(period: str) -> Key:
    """Return the key of a statement run."""
    return f"STATEMENT#RUN#{period}", "RUN"


def parse_statement_id(statement_id: str) -> tuple[str, str]:
    """Return dealer and period of a statement id.

    Raises:
        NotFound: the text is no statement id.
    """
    found = _STATEMENT_ID.fullmatch(statement_id)
    if found is None:
        raise NotFound
    return found[1], found[2]
