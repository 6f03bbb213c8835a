"""Answers that several rooms give about an order."""

from kernel.http.models import Answer, Body
from services.orders.vocabulary import Hold, ReasonText, State


class OrderConfirmation(Answer):
    """Proof that an order is stored and cannot be lost. `holds`: what a clerk must look at."""

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
    """An order in a list; counters in pieces.

    `backordered_since`: when the order entered the backorder queue; `reservation_end_stamp`: when its reservation ends;
    `promised_on`: the day on which the reserved pieces leave; `calendar_known_until`: last day whose days off are
    published, if a day of this answer is later and may therefore move; else null. `double_of`: order that had the same
    purchase order before, as the dealer confirmed; else null.
    """

    dealer_id: str
    submitted_by: str
    urgent: bool
    visible_at: str | None
    decided_at: str | None
    backordered_since: str | None
    reserved_until: str | None
    promised_on: str | None
    calendar_known_until: str | None
    double_of: str | None
    reserved: int
    backordered: int
    shipped: int
    cancelled: int
    version: int


class ReasonRequest(Body):
    """An action whose reason the dealer reads."""

    reason: ReasonText
