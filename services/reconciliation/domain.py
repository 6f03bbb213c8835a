"""The rules of the ledger: what a document books, on which day, and what a statement of the bookings says.

Amounts are whole fen, days are business days (Asia/Shanghai), a period is a calendar month such as `2026-11`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from contracts.orders import OrderShipped
from kernel.base.problems import FieldProblem
from kernel.time.clock import business_date, parse_stamp


class Account(StrEnum):
    """Where value stands."""

    RECEIVABLE = "receivable"
    BANK = "bank"
    SALES = "sales"
    OUTPUT_TAX = "output_tax"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _ACCOUNT_LABELS[self]


_ACCOUNT_LABELS = {
    Account.RECEIVABLE: "应收账款 / Receivable",
    Account.BANK: "银行存款 / Bank",
    Account.SALES: "主营业务收入 / Sales",
    Account.OUTPUT_TAX: "应交税费-销项税额 / Output VAT",
}


class Kind(StrEnum):
    """What kind of document a journal books."""

    SHIPMENT = "shipment"
    PAYMENT = "payment"
    REVERSAL = "reversal"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _KIND_LABELS[self]

    @property
    def rank(self) -> int:
        """Its place within a day: goods, then money, then what takes either back."""
        return list(Kind).index(self)


_KIND_LABELS = {
    Kind.SHIPMENT: "发货 / Shipment",
    Kind.PAYMENT: "收款 / Payment",
    Kind.REVERSAL: "冲销 / Reversal",
}


class Unbalanced(ValueError):
    """A document whose debits and credits differ cannot be booked."""


@dataclass(frozen=True)
class Journal:
    """One document as the ledger books it, once and for ever.

    `amounts`: fen by account, debits positive, credits negative. `due_on`: the day by which a shipment is to be paid; a
    reversal bears the due day of what it reverses. `reference` is what people know the document by: waybill, bank
    reference, reason of a reversal. `reverses` is the id of the journal this one takes back.

    Raises:
        Unbalanced: the amounts do not add up to zero, or book nothing.
    """

    dealer_id: str
    kind: Kind
    document_id: str
    document_date: date
    amounts: Mapping[Account, int]
    reference: str
    due_on: date | None = None
    reverses: str | None = None

    def __post_init__(self) -> None:
        if len(self.amounts) < 2 or not all(self.amounts.values()) or sum(self.amounts.values()) != 0:
            raise Unbalanced(f"{self.journal_id}: {dict(self.amounts)}")

    @property
    def name(self) -> str:
        """Unique within the dealer's ledger, because a document is booked once."""
        return f"{self.kind}.{self.document_id}"

    @property
    def journal_id(self) -> str:
        """Unique everywhere: `D0001.shipment.D0001-000123-S01`."""
        return f"{self.dealer_id}.{self.name}"

    @property
    def owed_fen(self) -> int:
        """By how much it changes what the dealer owes."""
        return self.amounts.get(Account.RECEIVABLE, 0)


def shipment_journal(shipped: OrderShipped) -> Journal | None:
    """Receivable against sales and tax; None for goods given away.

    Raises:
        Unbalanced: net and tax do not add up to gross.
    """
    amounts = {
        Account.RECEIVABLE: shipped.shipped_gross_fen,
        Account.SALES: -shipped.shipped_net_fen,
        Account.OUTPUT_TAX: -shipped.shipped_tax_fen,
    }
    booked = {account: fen for account, fen in amounts.items() if fen}
    if not booked:
        return None
    shipped_on = business_date(parse_stamp(shipped.shipped_at))
    return Journal(
        dealer_id=shipped.dealer_id,
        kind=Kind.SHIPMENT,
        document_id=shipped.shipment_id,
        document_date=shipped_on,
        amounts=booked,
        reference=shipped.waybill,
        due_on=shipped_on + timedelta(days=shipped.payment_days),
    )


def payment_journal(
    dealer_id: str, payment_id: str, amount_fen: int, received_on: date, bank_reference: str
) -> Journal:
    """Bank against receivable."""
    return Journal(
        dealer_id=dealer_id,
        kind=Kind.PAYMENT,
        document_id=payment_id,
        document_date=received_on,
        amounts={Account.BANK: amount_fen, Account.RECEIVABLE: -amount_fen},
        reference=bank_reference,
    )


def reversal_of(journal: Journal, reversed_on: date, reason: str) -> Journal:
    """The mirror of a journal. Its document is the journal, so there can only ever be one."""
    return Journal(
        dealer_id=journal.dealer_id,
        kind=Kind.REVERSAL,
        document_id=journal.name,
        document_date=reversed_on,
        amounts={account: -fen for account, fen in journal.amounts.items()},
        reference=reason,
        due_on=journal.due_on,
        reverses=journal.journal_id,
    )


#: Money is entered at the latest a year after it came; anything older is a slip of the pen.
_OLDEST_RECEIPT = timedelta(days=366)


def receipt_day_problem(received_on: date, today: date) -> FieldProblem | None:
    """Why money cannot have come on that day."""
    if today - _OLDEST_RECEIPT <= received_on <= today:
        return None
    detail = f"日期须在过去一年内且不晚于 {today} / must be within the past year and not after {today}"
    return FieldProblem(field="received_on", code="out-of-range", detail=detail)


def period_of(day: date) -> str:
    """The period in which a day lies."""
    return day.isoformat()[:7]


def first_day(period: str) -> date:
    """Its first day."""
    return date.fromisoformat(f"{period}-01")


def next_period(period: str) -> str:
    """The period after it."""
    return period_of(first_day(period) + timedelta(days=31))


def last_day(period: str) -> date:
    """Its last day."""
    return first_day(next_period(period)) - timedelta(days=1)


def previous_period(day: date) -> str:
    """The last period that was over on that day."""
    return period_of(day.replace(day=1) - timedelta(days=1))


def posting_day(document_date: date, closed_through: str | None) -> date:
    """The day on which a document is booked: its own, or if its period is closed the first day of the open one."""
    if closed_through is None:
        return document_date
    return max(document_date, first_day(next_period(closed_through)))


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


class Movement(NamedTuple):
    """What one journal did to a dealer's account: a line of the statement. Exactly one of debit and credit is not 0."""

    posted_on: date
    journal_id: str
    kind: Kind
    document_id: str
    document_date: date
    reference: str
    due_on: date | None
    debit_fen: int
    credit_fen: int

    @classmethod
    def of(cls, journal: Journal, posted_on: date) -> Movement:
        """The movement a journal makes."""
        return cls(
            posted_on=posted_on,
            journal_id=journal.journal_id,
            kind=journal.kind,
            document_id=journal.document_id,
            document_date=journal.document_date,
            reference=journal.reference,
            due_on=journal.due_on,
            debit_fen=max(journal.owed_fen, 0),
            credit_fen=max(-journal.owed_fen, 0),
        )

    @property
    def change_fen(self) -> int:
        """Change of what is owed."""
        return self.debit_fen - self.credit_fen


class DayTotals(NamedTuple):
    """The movements booked on one day that bear one due day (shipments and their reversals) or none (money)."""

    day: date
    due_on: date | None
    debit_fen: int
    credit_fen: int
    line_count: int

    @property
    def change_fen(self) -> int:
        """Change of what is owed."""
        return self.debit_fen - self.credit_fen


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


class Totals(NamedTuple):
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


def stated(opening_fen: int, days: Iterable[DayTotals], older: Iterable[DayTotals], on: date) -> Totals:
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
    return Totals(
        opening_fen=opening_fen,
        debit_fen=debit_fen,
        credit_fen=credit_fen,
        line_count=sum(totals.line_count for totals in booked),
        ageing=aged(closing_fen, (totals for part in (booked, older) for totals in part), on),
    )
