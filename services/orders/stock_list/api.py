"""Query and answer of the movements of a SKU."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Day, Query, Sku
from services.orders.stock.rules import Move


class MovementsQuery(Query):
    """SKU, days (Asia/Shanghai, both inclusive, at most 92, by default the last 31) and page."""

    sku: Sku
    from_day: Day | None = Field(None, alias="from")
    to_day: Day | None = Field(None, alias="to")
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class MovementRow(Answer):
    """A movement of a SKU: pieces that moved, and by how much each counter changed.

    `reference`: the document, or the step of the order `order_id`; `by`: the person, empty for the system.
    """

    at: str
    move: Move
    move_zh: str
    move_en: str
    quantity: int
    available_change: int
    quarantined_change: int
    reference: str
    order_id: str | None
    by: str


class MovementPage(Answer):
    """Movements of a SKU, newest first; `next_cursor` is null after the last page.

    A page may have fewer movements than asked for, even none: it ends after 200 records that it looked at.
    """

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    sku: str
    name_zh: str
    name_en: str | None
    movements: list[MovementRow]
    next_cursor: str | None
