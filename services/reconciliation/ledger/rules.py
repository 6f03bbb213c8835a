"""Rules of the ledger: what a document books and on which day. Fen; business days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from contracts.orders import OrderShipped
from kernel.base.problems import FieldProblem
from kernel.time.clock import business_date, parse_stamp
from services.reconciliation.periods import first_day, next_period


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


class DocumentKind(StrEnum):
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
        return list(DocumentKind).index(self)


_KIND_LABELS = {
    DocumentKind.SHIPMENT: "发货 / Shipment",
    DocumentKind.PAYMENT: "收款 / Payment",
    DocumentKind.REVERSAL: "冲销 / Reversal",
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
    kind: DocumentKind
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
        kind=DocumentKind.SHIPMENT,
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
        kind=DocumentKind.PAYMENT,
        document_id=payment_id,
        document_date=received_on,
        amounts={Account.BANK: amount_fen, Account.RECEIVABLE: -amount_fen},
        reference=bank_reference,
    )


def reversal_of(journal: Journal, reversed_on: date, reason: str) -> Journal:
    """The mirror of a journal. Its document is the journal, so there can only ever be one."""
    return Journal(
        dealer_id=journal.dealer_id,
        kind=DocumentKind.REVERSAL,
        document_id=journal.name,
        document_date=reversed_on,
        amounts={account: -fen for account, fen in journal.amounts.items()},
        reference=reason,
        due_on=journal.due_on,
        reverses=journal.journal_id,
    )


#: Money is entered at the latest a year after it came; anything older is a slip of the pen.
_OLDEST_PAYMENT = timedelta(days=366)


def payment_day_problem(received_on: date, today: date) -> FieldProblem | None:
    """Why money cannot have come on that day."""
    if today - _OLDEST_PAYMENT <= received_on <= today:
        return None
    detail = f"日期须在过去一年内且不晚于 {today} / must be within the past year and not after {today}"
    return FieldProblem(field="received_on", code="out-of-range", detail=detail)


def posting_day(document_date: date, closed_through: str | None) -> date:
    """The day on which a document is booked: its own, or if its period is closed the first day of the open one."""
    if closed_through is None:
        return document_date
    return max(document_date, first_day(next_period(closed_through)))
