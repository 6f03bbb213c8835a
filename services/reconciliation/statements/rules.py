"""Rules of statements: ageing, totals and the period to issue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.reconciliation.ledger.balances import DayTotals
from services.reconciliation.periods import next_period, period_of


def period_to_issue(closed_through: str | None, first_movement: date | None, wanted: str) -> str | None:
    """The next statement due on the way to the one wanted, so that none is left out; None when nothing is due.

    Args:
        first_movement: where the first statement of a dealer begins; not needed once a period is closed.
    """
    if closed_through:
        due = next_period(closed_through)
    elif first_movement:
        due = period_of(first_movement)
    else:
        return None
    return due if due <= wanted else None


class AgeingBand(StrEnum):
    """How long what is owed is overdue; one day late is overdue."""

    NOT_DUE = "not_due"
    DAYS_1_30 = "days_1_30"
    DAYS_31_60 = "days_31_60"
    DAYS_61_90 = "days_61_90"
    OVER_90 = "over_90"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _BAND_LABELS[self]


_BAND_LABELS = {
    AgeingBand.NOT_DUE: "未到期 / Not due",
    AgeingBand.DAYS_1_30: "逾期 1–30 天 / 1–30 days overdue",
    AgeingBand.DAYS_31_60: "逾期 31–60 天 / 31–60 days overdue",
    AgeingBand.DAYS_61_90: "逾期 61–90 天 / 61–90 days overdue",
    AgeingBand.OVER_90: "逾期 90 天以上 / over 90 days overdue",
}

_LAST_DAY = {AgeingBand.NOT_DUE: 0, AgeingBand.DAYS_1_30: 30, AgeingBand.DAYS_31_60: 60, AgeingBand.DAYS_61_90: 90}


def ageing_band_of(days_overdue: int) -> AgeingBand:
    """The ageing band for so many days past the due day."""
    return next((band for band, last in _LAST_DAY.items() if days_overdue <= last), AgeingBand.OVER_90)


class Unexplained(ArithmeticError):
    """More is owed than was ever shipped: the ledger is damaged."""


def aged(balance_fen: int, newest_first: Iterable[DayTotals], on: date) -> dict[AgeingBand, int]:
    """What is owed on a day, by how long it is overdue.

    Money pays the oldest shipments first, so what is unpaid are the newest ones: only as many days are looked at as
    explain the balance. A reversed shipment counts as never made.

    Args:
        newest_first: all days up to `on`, the latest first.

    Raises:
        Unexplained: the days do not explain the balance.
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
            raise Unexplained(f"{rest} fen of {balance_fen}")
    return owed


class StatementTotalsFen(NamedTuple):
    """A statement without its lines: closing = opening + debit − credit, and what of it is overdue since when."""

    opening_fen: int
    debit_fen: int
    credit_fen: int
    line_count: int
    ageing: Mapping[AgeingBand, int]

    @property
    def closing_fen(self) -> int:
        """What is owed at the end; negative when the dealer paid in advance."""
        return self.opening_fen + self.debit_fen - self.credit_fen


def stated(opening_fen: int, days: Iterable[DayTotals], older: Iterable[DayTotals], on: date) -> StatementTotalsFen:
    """The totals of a statement.

    Args:
        opening_fen: owed before the first of the days.
        days: what was booked in the statement's time, latest first.
        older: what was booked before, latest first; looked at only as far as unpaid shipments reach.
        on: the day on which to judge what is overdue.
    """
    booked = list(days)
    debit_fen = sum(totals.debit_fen for totals in booked)
    credit_fen = sum(totals.credit_fen for totals in booked)
    closing_fen = opening_fen + debit_fen - credit_fen
    return StatementTotalsFen(
        opening_fen=opening_fen,
        debit_fen=debit_fen,
        credit_fen=credit_fen,
        line_count=sum(totals.line_count for totals in booked),
        ageing=aged(closing_fen, (totals for part in (booked, older) for totals in part), on),
    )
