"""Rules of the ledger: the journal of each document, and the day on which it is posted. Fen; business days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from contracts.orders import OrderShipmentVoided, OrderShipped
from kernel.base.labels import Label
from kernel.base.problems import FieldProblem
from kernel.time.clock import business_date, business_date_after, parse_stamp
from services.reconciliation.periods import first_day, next_period

#: A payment is entered within a year; an older day is a typing error.
_MAX_PAYMENT_AGE = timedelta(days=366)


class Account(StrEnum):
    """General-ledger account of a journal entry."""

    RECEIVABLE = "receivable"
    BANK = "bank"
    SALES = "sales"
    OUTPUT_TAX = "output_tax"

    @property
    def label(self) -> Label:
        """Account name for users."""
        return _ACCOUNT_LABELS[self]


_ACCOUNT_LABELS = {
    Account.RECEIVABLE: Label("应收账款", "Receivable"),
    Account.BANK: Label("银行存款", "Bank"),
    Account.SALES: Label("主营业务收入", "Sales"),
    Account.OUTPUT_TAX: Label("应交税费-销项税额", "Output VAT"),
}


class DocumentKind(StrEnum):
    """Kind of the document that a journal posts."""

    SHIPMENT = "shipment"
    PAYMENT = "payment"
    REVERSAL = "reversal"

    @property
    def label(self) -> Label:
        """Kind for users."""
        return _KIND_LABELS[self]

    @property
    def sort_order(self) -> int:
        """Order of the kinds within a day: shipments 0, payments 1, reversals 2."""
        return list(DocumentKind).index(self)


_KIND_LABELS = {
    DocumentKind.SHIPMENT: Label("发货", "Shipment"),
    DocumentKind.PAYMENT: Label("收款", "Payment"),
    DocumentKind.REVERSAL: Label("冲销", "Reversal"),
}


#: Dealer ids contain dots too, but no lower case: the kind of document is the first of its words.
_JOURNAL_ID = re.compile(rf"([^#]{{2,16}}?)\.((?:{'|'.join(DocumentKind)})\.[^#]{{1,200}})")


class UnbalancedJournal(ValueError):
    """The debits and credits of a journal differ, so it cannot be posted."""


@dataclass(frozen=True)
class Journal:
    """One document as the ledger posts it; never changed.

    `amounts`: fen by account, debits positive, credits negative. `due_on`: the day on which payment of a shipment is
    due; a reversal has the due day of the journal it reverses. `reference`: waybill, bank reference, or reason of a
    reversal. `reverses`: id of the journal that this one reverses.

    Raises:
        UnbalancedJournal: the amounts do not add up to zero, or there are none.
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
            raise UnbalancedJournal(f"{self.journal_id}: {dict(self.amounts)}")

    @property
    def document_key(self) -> str:
        """Kind and id of the document: unique within the dealer's ledger, because a document is posted once."""
        return f"{self.kind}.{self.document_id}"

    @property
    def journal_id(self) -> str:
        """Id over all ledgers: `D0001.shipment.D0001-000123-S01`."""
        return f"{self.dealer_id}.{self.document_key}"

    @property
    def owed_fen(self) -> int:
        """Change of what the dealer owes."""
        return self.amounts.get(Account.RECEIVABLE, 0)


def shipment_journal(shipped: OrderShipped | OrderShipmentVoided) -> Journal | None:
    """Return the journal of a shipment: receivable against sales and output VAT; None if its price is 0.

    The event that voids a shipment has the same fields, so it gives the same journal.

    Raises:
        UnbalancedJournal: net and tax do not add up to gross.
    """
    amounts = {
        Account.RECEIVABLE: shipped.shipped_gross_fen,
        Account.SALES: -shipped.shipped_net_fen,
        Account.OUTPUT_TAX: -shipped.shipped_tax_fen,
    }
    nonzero = {account: fen for account, fen in amounts.items() if fen}
    if not nonzero:
        return None
    shipped_on = business_date(parse_stamp(shipped.shipped_at))
    return Journal(
        dealer_id=shipped.dealer_id,
        kind=DocumentKind.SHIPMENT,
        document_id=shipped.shipment_id,
        document_date=shipped_on,
        amounts=nonzero,
        reference=shipped.waybill,
        due_on=business_date_after(parse_stamp(shipped.shipped_at), shipped.payment_days),
    )


def payment_journal(
    dealer_id: str, payment_id: str, amount_fen: int, received_on: date, bank_reference: str
) -> Journal:
    """Return the journal of a payment: bank against receivable."""
    return Journal(
        dealer_id=dealer_id,
        kind=DocumentKind.PAYMENT,
        document_id=payment_id,
        document_date=received_on,
        amounts={Account.BANK: amount_fen, Account.RECEIVABLE: -amount_fen},
        reference=bank_reference,
    )


def reversal_of(journal: Journal, reversed_on: date, reason: str) -> Journal:
    """Return the reversal of a journal. Its document is the journal itself, so each journal has at most one."""
    return Journal(
        dealer_id=journal.dealer_id,
        kind=DocumentKind.REVERSAL,
        document_id=journal.document_key,
        document_date=reversed_on,
        amounts={account: -fen for account, fen in journal.amounts.items()},
        reference=reason,
        due_on=journal.due_on,
        reverses=journal.journal_id,
    )


def split_journal_id(journal_id: str) -> tuple[str, str]:
    """Return the dealer and the document key of a journal id.

    Raises:
        ValueError: the text is no journal id.
    """
    found = _JOURNAL_ID.fullmatch(journal_id)
    if found is None:
        raise ValueError("no journal id")
    return found[1], found[2]


def reversal_id(journal_id: str) -> str:
    """Return the id that the reversal of a journal has, or would have: `D0001.reversal.payment.pay_1`."""
    dealer_id, document_key = split_journal_id(journal_id)
    return f"{dealer_id}.{DocumentKind.REVERSAL}.{document_key}"


def shipment_behind(journal: Journal) -> str | None:
    """Return the id of the shipment that a journal posts, or that its reversals in a row reverse; None for others."""
    kind, _, document = journal.document_key.rpartition(f"{DocumentKind.REVERSAL}.")[2].partition(".")
    return document if kind == DocumentKind.SHIPMENT else None


def payment_day_problem(received_on: date, today: date) -> FieldProblem | None:
    """Return the problem of a day on which a payment cannot have come in; None if there is none."""
    if today - _MAX_PAYMENT_AGE <= received_on <= today:
        return None
    detail = f"日期须在过去一年内且不晚于 {today} / must be within the past year and not after {today}"
    return FieldProblem(field="received_on", code="out-of-range", detail=detail)


def posting_day(document_date: date, closed_through: str | None) -> date:
    """Return the posting day of a document: its own day, or the first open day if its period is closed."""
    if closed_through is None:
        return document_date
    return max(document_date, first_day(next_period(closed_through)))
