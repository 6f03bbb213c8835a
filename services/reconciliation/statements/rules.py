"""Rules of statements: the next one to issue, amounts, and ageing of what is owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from kernel.base.labels import Label
from services.reconciliation.ledger.entries import DayTotals
from services.reconciliation.periods import next_period, period_of


def period_to_issue(closed_through: str | None, first_entry_day: date | None, wanted: str) -> str | None:
    """Return the next period to issue on the way to the wanted one, so that no period is left out; None if none is due.

    Args:
        first_entry_day: start of the dealer's first statement; not needed once a period is closed.
    """
    if closed_through:
        due = next_period(closed_through)
    elif first_entry_day:
        due = period_of(first_entry_day)
    else:
        return None
    return due if due <= wanted else None


class AgeingBand(StrEnum):
    """Ageing band of an amount owed, by the days since its due day; one day late is overdue."""

    NOT_DUE = "not_due"
    DAYS_1_30 = "days_1_30"
    DAYS_31_60 = "days_31_60"
    DAYS_61_90 = "days_61_90"
    OVER_90 = "over_90"

    @property
    def label(self) -> Label:
        """Band for users."""
        return _BAND_LABELS[self]


_BAND_LABELS = {
    AgeingBand.NOT_DUE: Label("未到期", "Not due"),
    AgeingBand.DAYS_1_30: Label("逾期 1–30 天", "1–30 days overdue"),
    AgeingBand.DAYS_31_60: Label("逾期 31–60 天", "31–60 days overdue"),
    AgeingBand.DAYS_61_90: Label("逾期 61–90 天", "61–90 days overdue"),
    AgeingBand.OVER_90: Label("逾期 90 天以上", "over 90 days overdue"),
}

_LAST_DAY = {AgeingBand.NOT_DUE: 0, AgeingBand.DAYS_1_30: 30, AgeingBand.DAYS_31_60: 60, AgeingBand.DAYS_61_90: 90}


def ageing_band_of(days_overdue: int) -> AgeingBand:
    """Return the band for so many days after the due day."""
    return next((band for band, last in _LAST_DAY.items() if days_overdue <= last), AgeingBand.OVER_90)


class UnexplainedBalance(ArithmeticError):
    """A dealer owes more than all its shipments: the ledger is damaged."""


def ageing_of(balance_fen: int, newest_first: Iterable[DayTotals], on: date) -> dict[AgeingBand, int]:
    """Return the amounts owed on a day by ageing band, in fen.

    Payments settle the oldest shipments first, so the newest shipments are unpaid: only as many days are read as
    explain the balance. A reversed shipment counts as never made.

    Args:
        newest_first: all days up to `on`, the latest first.

    Raises:
        UnexplainedBalance: the shipments do not add up to the balance.
    """
    owed = dict.fromkeys(AgeingBand, 0)
    reversed_fen: dict[date, int] = {}
    rest = balance_fen
    if rest > 0:
        for totals in newest_first:
            if totals.due_on is None:
                continue
            charge = totals.change_fen - reversed_fen.pop(totals.due_on, 0)
            if charge < 0:
                reversed_fen[totals.due_on] = -charge
                continue
            part = min(charge, rest)
            owed[ageing_band_of((on - totals.due_on).days)] += part
            rest -= part
            if not rest:
                return owed
        if rest:
            raise UnexplainedBalance(f"{rest} fen of {balance_fen}")
    return owed


class StatementAmounts(NamedTuple):
    """Amounts of a statement in fen: closing = opening + debit − credit, and the ageing of what is owed."""

    opening_fen: int
    debit_fen: int
    credit_fen: int
    line_count: int
    ageing: Mapping[AgeingBand, int]

    @property
    def closing_fen(self) -> int:
        """Amount owed at the end; negative if the dealer paid in advance."""
        return self.opening_fen + self.debit_fen - self.credit_fen


def statement_amounts(
    opening_fen: int, days: Iterable[DayTotals], older: Iterable[DayTotals], aged_on: date
) -> StatementAmounts:
    """Return the amounts of a statement.

    Args:
        opening_fen: owed before the first of the days.
        days: totals of the statement's days, latest first.
        older: totals of the days before, latest first; read only as far as unpaid shipments go back.
        aged_on: the day for which the ageing is computed.
    """
    days = list(days)
    debit_fen = sum(totals.debit_fen for totals in days)
    credit_fen = sum(totals.credit_fen for totals in days)
    closing_fen = opening_fen + debit_fen - credit_fen
    return StatementAmounts(
        opening_fen=opening_fen,
        debit_fen=debit_fen,
        credit_fen=credit_fen,
        line_count=sum(totals.line_count for totals in days),
        ageing=ageing_of(closing_fen, (totals for part in (days, older) for totals in part), aged_on),
    )
