"""Queries and answers for reading orders."""

from typing import Annotated, Any

from pydantic import Field

from kernel.http.models import Answer, Query, one_of
from services.orders.delivery.api import OrderAddress
from services.orders.order.api import OrderSummary
from services.orders.order.lifecycle import Action
from services.orders.tracking.labels import LABELS
from services.orders.vocabulary import ShortagePolicy, State


class OpenPart(Answer):
    """Open pieces of a line that leave on one day: the reserved ones, or the backordered ones.

    `promised_on`: the day (Asia/Shanghai), null without a promise date; the label names the day, or that there is
    none.
    """

    reserved: bool
    pieces: int
    promised_on: str | None
    label_zh: str
    label_en: str


class OrderLineView(Answer):
    """One line: ordered, priced by a price policy, and its progress in pieces.

    ordered = open + shipped + cancelled; once stock is decided open = reserved + backordered. `promised_on`: day
    (Asia/Shanghai) on which the last piece leaves, null without a promise date. `parts`: its open pieces by day, empty
    until stock is decided. `run_out`: the product was sold until gone when it was ordered, so what was out of stock is
    cancelled and not backordered.
    """

    line_no: int
    sku: str
    name_zh: str
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
    run_out: bool
    parts: list[OpenPart]


class SourcingCandidate(Answer):
    """A warehouse that was compared: `pieces` of the `wanted` ones that it had; `short`: number of SKUs it lacked."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    pieces: int
    wanted: int
    short: int


class OrderView(OrderSummary):
    """A whole order. `sourcing`: candidates that were compared, if its own warehouse was short.

    `actions`: what the caller may do with the order now. `delivery_address`: null for an order of a dealer that had
    no address.
    """

    dealer_name: str
    warehouse_name_zh: str
    warehouse_name_en: str
    actions: list[Action]
    shortage_policy: ShortagePolicy
    purchase_order: str | None
    note: str | None
    delivery_address: OrderAddress | None
    price_list: str
    price_version: int
    sourcing: list[SourcingCandidate]
    lines: list[OrderLineView]


class ReviewQuery(Query):
    """State of the orders to list: submitted, in_review or confirmed."""

    state: State = State.IN_REVIEW
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TimelineEntry(Answer):
    """One event of an order: time, type, person, state afterwards, and its other fields."""

    at: str
    event: Annotated[str, one_of(lambda: LABELS)]
    label_zh: str
    label_en: str
    by: str
    state: State
    facts: dict[str, str | int | bool | list[str] | list[int] | list[dict[str, Any]] | None]


class Timeline(Answer):
    """Events of an order, oldest first."""

    order_id: str
    entries: list[TimelineEntry]
