"""Requests and answers about payments and journals."""

from datetime import date

from kernel.http.models import Answer, BankAccount, BankReference, Body, Day, DealerId, Fen, Name
from services.reconciliation.ledger.rules import Account, DocumentKind


class PostPayment(Body):
    """A payment to post. Each bank account takes a `bank_reference` once, however it is written."""

    dealer_id: DealerId
    amount_fen: Fen
    received_on: Day
    bank: BankAccount = "MAIN"
    bank_reference: BankReference


class Payment(Answer):
    """A posted payment. `posted_on` is later than `received_on` if the period of that day was closed already."""

    payment_id: str
    journal_id: str
    dealer_id: str
    dealer_name: str
    amount_fen: int
    received_on: date
    posted_on: date
    bank: str
    bank_reference: str


class ReverseJournal(Body):
    """Reason of a reversal, shown on the dealer's statement."""

    reason: Name


class JournalEntry(Answer):
    """One side of a journal: either the debit or the credit is 0."""

    account: Account
    label_zh: str
    label_en: str
    debit_fen: int
    credit_fen: int


class JournalView(Answer):
    """A posted journal. `reverses`: id of the journal it reverses; `reversed_by`: id of the journal reversing it."""

    journal_id: str
    dealer_id: str
    dealer_name: str
    kind: DocumentKind
    label_zh: str
    label_en: str
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
