"""Requests and answers about expected deliveries."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Day, Quantity, Sku
from services.orders.vocabulary import ReasonText


class ReceivedLine(Body):
    """Pieces of a SKU that came in."""

    sku: Sku
    quantity: Quantity


class ExpectGoods(Body):
    """An expected delivery. Without lines it is cancelled.

    `expected_on`: day in Asia/Shanghai; `version`: version that this request replaces, 0 for none.
    """

    expected_on: Day
    lines: Annotated[list[ReceivedLine], Field(max_length=1_000)]
    reason: ReasonText
    version: Annotated[int, Field(ge=0)]


class ExpectedLine(Answer):
    """Pieces of a SKU that are expected."""

    sku: str
    name_zh: str
    quantity: int


class ExpectedDelivery(Answer):
    """An expected delivery. `expected_on` is null once all of it is received or cancelled."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    reference: str
    expected_on: date | None
    version: int
    changed_by: str
    reason: str
    lines: list[ExpectedLine]


class ExpectedList(Answer):
    """Expected deliveries of a warehouse, the earliest first."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    as_of: str
    deliveries: list[ExpectedDelivery]


class DeliveryChange(Answer):
    """One change of a delivery: the day before and after, and what was expected afterwards."""

    at: str
    version: int
    was_expected_on: date | None
    expected_on: date | None
    skus: int
    pieces: int
    reason: str
    by: str


class ExpectedHistory(ExpectedDelivery):
    """An expected delivery and its changes, oldest first."""

    changes: list[DeliveryChange]
