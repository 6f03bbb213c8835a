"""What reconciliation says."""

from __future__ import annotations

from typing import ClassVar

from kernel.events import Event


class ReceiptPosted(Event):
    """Said when a dealer's money was posted. Heard by orders (frees credit) and notifications. Amount in fen."""

    TYPE: ClassVar[str] = "receipt.posted.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    receipt_id: str
    dealer_id: str
    amount_fen: int
    received_on: str


class StatementIssued(Event):
    """Said when a dealer's monthly statement was made. Heard by notifications. Fen; `period` is `2026-11`."""

    TYPE: ClassVar[str] = "statement.issued.v1"
    SOURCE: ClassVar[str] = "reconciliation"

    statement_id: str
    dealer_id: str
    period: str
    opening_fen: int
    closing_fen: int
