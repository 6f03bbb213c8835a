"""Requests and answers about payments, journals and the trial balance."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.base.money import CURRENCY
from kernel.http.models import Answer, Body, DealerId, Fen, Name


class PostPayment(Body):
    """Money that came in. `bank_reference` counts once for ever at each bank account; spaces and case do not matter."""

    dealer_id: DealerId
    amount_fen: Fen
    received_on: date
    bank: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,16}$")] = "MAIN"
    bank_reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/:-]{0,59}$")]


class Payment(Answer):
    """Money as booked. `posted_on` is later than `received_on` when that day's month was closed already."""

    payment_id: str
    journal_id: str
    dealer_id: str
    amount_fen: int
    received_on: date
    posted_on: date
    bank: str
    bank_reference: str


class Reverse(Body):
    """Take a journal back; the reason stands on the dealer's statement."""

    reason: Name


class JournalEntry(Answer):
    """One side of a journal; exactly one of the amounts is not 0."""

    account: str
    label: str
    debit_fen: int
    credit_fen: int


class JournalView(Answer):
    """A document as booked. `reverses`, `reversed_by`: ids of the journal it takes back, and that takes it back."""

    journal_id: str
    dealer_id: str
    kind: str
    label: str
    document_id: str
    document_date: date
    posted_on: date
    due_on: date | None
    reference: str
    entries: list[JournalEntry]
    posted_at: str
    posted_by: str
    reverses: str | None
    reversed_by: str | None


class TrialAccount(Answer):
    """One account's balance over all dealers, on its side."""

    account: str
    label: str
    debit_fen: int
    credit_fen: int


class TrialBalance(Answer):
    """All accounts. `difference_fen` is 0 at every moment."""

    as_of: str
    currency: str = CURRENCY
    ledgers: int
    accounts: list[TrialAccount]
    debit_fen: int
    credit_fen: int
    difference_fen: int
