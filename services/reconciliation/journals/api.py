"""Requests and answers about payments and journals."""

from datetime import date
from typing import Annotated

from kernel.http.models import Answer, Body, DealerId, Fen, Name
from kernel.http.text_forms import text_form


class PostPayment(Body):
    """A payment to post. Each bank account takes a `bank_reference` once; spaces and case do not distinguish two."""

    dealer_id: DealerId
    amount_fen: Fen
    received_on: date
    bank: Annotated[
        str,
        text_form(
            r"^[A-Z0-9]{2,16}$",
            "账户代码(2 到 16 个大写字母或数字)",
            "the code of an account, 2 to 16 capital letters or digits",
            example="MAIN",
        ),
    ] = "MAIN"
    bank_reference: Annotated[
        str,
        text_form(
            r"^[A-Za-z0-9][A-Za-z0-9 ._/:-]{0,59}$",
            "银行流水号(1 到 60 个字母、数字、空格、点、下划线、斜杠、冒号或短横)",
            "the bank's reference, 1 to 60 letters, digits, spaces, dots, underscores, slashes, colons or hyphens",
            example="ICBC20261123-0001",
        ),
    ]


class Payment(Answer):
    """A posted payment. `posted_on` is later than `received_on` if the period of that day was closed already."""

    payment_id: str
    journal_id: str
    dealer_id: str
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

    account: str
    label: str
    debit_fen: int
    credit_fen: int


class JournalView(Answer):
    """A posted journal. `reverses`: id of the journal it reverses; `reversed_by`: id of the journal reversing it."""

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
