"""Queries and answers for reading orders."""

from typing import Annotated, Any

from pydantic import Field

from kernel.http.models import Answer, DealerId, Query
from services.orders.order.api import OrderSummary
from services.orders.vocabulary import ShortagePolicy, State


class OrderLineView(Answer):
    """One line: what was ordered, at which price by which policy, and what became of it, in pieces.

    ordered = open + shipped + cancelled; once stock is decided open = reserved + backordered. `promised_on`: the day
    (Asia/Shanghai) on which the last piece of it leaves, null while none can be named.
    """

    line_no: int
    sku: str
    name: str
    unit_price: str
    price_policy: str
    gross_fen: int
    tax_fen: int
    ordered: int
    open: int
    reserved: int
    backordered: int
    shipped: int
    cancelled: int
    promised_on: str | None


class OrderView(OrderSummary):
    """A whole order. `sourcing`: what was found in each warehouse asked, if its own was short of it."""

    shortage_policy: ShortagePolicy
    purchase_order: str | None
    note: str | None
    price_list: str
    price_version: int
    sourcing: list[dict[str, str | int]]
    lines: list[OrderLineView]


class OrderPage(Answer):
    """Orders and the cursor for the next page, null after the last."""

    orders: list[OrderSummary]
    next_cursor: str | None


class OrdersQuery(Query):
    """`dealer_id` is for staff only."""

    dealer_id: DealerId | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class ReviewQuery(Query):
    """Which waiting orders: arriving (submitted), to be decided (in_review), to be shipped (confirmed)."""

    state: State = State.IN_REVIEW
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TimelineEntry(Answer):
    """One thing that happened: when, what, by whom, where it left the order, and the event's own facts."""

    at: str
    event: str
    label: str
    by: str
    state: str
    facts: dict[str, str | int | bool | list[str] | list[int] | list[dict[str, Any]] | None]


class Timeline(Answer):
    """The history of an order, oldest first."""

    order_id: str
    entries: list[TimelineEntry]
