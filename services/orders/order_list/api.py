"""Query and answer of the order list."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Day, DealerId, Name, Query, WarehouseId
from services.orders.order.api import OrderSummary
from services.orders.vocabulary import Hold, State


class OrdersQuery(Query):
    """Filters and page of the order list. Only staff give `dealer_id`.

    `from`, `to`: days of the submission (Asia/Shanghai), both inclusive; over all dealers at most 92 days, by default
    the last 31. `purchase_order`: the beginning of the dealer's own number, however it is written.
    """

    dealer_id: DealerId | None = None
    state: State | None = None
    from_day: Day | None = Field(None, alias="from")
    to_day: Day | None = Field(None, alias="to")
    warehouse: WarehouseId | None = None
    purchase_order: Annotated[Name, Field(max_length=60)] | None = None
    hold: Hold | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class OrderRow(OrderSummary):
    """An order in a list, with the names of its dealer and warehouse.

    `purchase_order`: the dealer's own number, null without one and in the first moments of an order.
    """

    dealer_name: str
    warehouse_name_zh: str
    warehouse_name_en: str
    purchase_order: str | None


class OrderPage(Answer):
    """Orders and the cursor of the next page, null after the last.

    A page with filters may have fewer orders than asked for, even none: it ends after 200 orders that were looked at.
    """

    orders: list[OrderRow]
    next_cursor: str | None
