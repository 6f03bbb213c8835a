"""Answers that several rooms give about an order."""

from kernel.http.models import Answer, Body
from services.orders.vocabulary import Hold, ReasonText, State


class OrderConfirmation(Answer):
    """Proof that an order is stored and cannot be lost. `holds`: what a clerk will have to look at."""

    order_id: str
    state: State
    warehouse: str
    line_count: int
    pieces: int
    gross_fen: int
    net_fen: int
    tax_fen: int
    submitted_at: str
    holds: list[Hold]


class OrderSummary(OrderConfirmation):
    """An order in a list. Pieces: reserved, back-ordered, shipped, cancelled. `backordered_since`: since when it waits for
    goods; `reserved_until`: when what is held goes back to the others unless the order moves on or is renewed;
    `promised_on`: the day on which what is held leaves."""

    dealer_id: str
    submitted_by: str
    urgent: bool
    visible_at: str | None
    decided_at: str | None
    backordered_since: str | None
    reserved_until: str | None
    promised_on: str | None
    reserved: int
    backordered: int
    shipped: int
    cancelled: int
    version: int


class ReasonRequest(Body):
    """An act upon a dealer's order that must be explained to the dealer."""

    reason: ReasonText
