"""Events of the ledger and of statements. Amounts are fen."""

from typing import ClassVar

from kernel.messaging.events import Event


class PaymentPosted(Event):
    """Published when a payment of a dealer is posted. Subscribers: orders (update credit), notifications."""

    TYPE: ClassVar[str] = "payment.posted.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "reconciliation"

    payment_id: str
    dealer_id: str
    amount_fen: int
    received_on: str


class StatementIssued(Event):
    """Published when a monthly statement is issued. Subscribers: notifications. `period` is such as `2026-11`."""

    TYPE: ClassVar[str] = "statement.issued.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "reconciliation"

    statement_id: str
    dealer_id: str
    period: str
    opening_fen: int
    closing_fen: int


class JournalReversed(Event):
    """Published when a booked document is reversed. Subscribers: orders (update credit), notifications.

    `owed_change_fen` is added to what the dealer owes: positive for a reversed payment, negative for a reversed
    shipment. `document_kind` and `document_id` name the reversed document. `due_on`: due day of what was owed, None
    for a payment.
    """

    TYPE: ClassVar[str] = "journal.reversed.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "reconciliation"

    journal_id: str
    dealer_id: str
    document_kind: str
    document_id: str
    owed_change_fen: int
    reason: str
    due_on: str | None = None


class StatementRunStarted(Event):
    """Published when a statement run starts. Subscribers: reconciliation (request the statement of each dealer).

    `round` counts the runs of the period.
    """

    TYPE: ClassVar[str] = "statement_run.started.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    period: str
    round: int


class StatementRequested(Event):
    """Published for each dealer of a statement run. Subscribers: reconciliation (issue the statement)."""

    TYPE: ClassVar[str] = "statement.requested.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    dealer_id: str
    period: str
