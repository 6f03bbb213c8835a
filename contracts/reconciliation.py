"""What reconciliation says."""

from typing import ClassVar

from kernel.messaging.events import Event


class PaymentPosted(Event):
    """Published when a dealer's money was posted. Heard by orders (update credit) and notifications. Amount in fen."""

    TYPE: ClassVar[str] = "payment.posted.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    payment_id: str
    dealer_id: str
    amount_fen: int
    received_on: str


class StatementIssued(Event):
    """Published when a dealer's monthly statement was made. Heard by notifications. Fen; `period` is `2026-11`."""

    TYPE: ClassVar[str] = "statement.issued.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    statement_id: str
    dealer_id: str
    period: str
    opening_fen: int
    closing_fen: int


class JournalReversed(Event):
    """Published when a booked document was taken back. Heard by orders (update credit).

    `owed_change_fen` is what the reversal adds to what the dealer owes: positive for a receipt taken back, negative for
    a shipment. `document_kind` and `document_id` name what was reversed.
    """

    TYPE: ClassVar[str] = "journal.reversed.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    journal_id: str
    dealer_id: str
    document_kind: str
    document_id: str
    owed_change_fen: int
    reason: str


class StatementRunStarted(Event):
    """Published when the statements of a period are to be made. Heard by reconciliation (ask for each dealer's).

    `round` counts how often the period was run.
    """

    TYPE: ClassVar[str] = "statement_run.started.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    period: str
    round: int


class StatementRequested(Event):
    """Published for each dealer whose statement of a period is due. Heard by reconciliation (make it)."""

    TYPE: ClassVar[str] = "statement.requested.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    dealer_id: str
    period: str
