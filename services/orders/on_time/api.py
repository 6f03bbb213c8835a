"""Query and answer of the on-time rate."""

from typing import Annotated

from kernel.http.models import Answer, Query, Sku, WarehouseId
from kernel.http.text_forms import text_form


class OnTimeQuery(Query):
    """Warehouse, month of shipping (Asia/Shanghai), and one SKU or all."""

    warehouse: WarehouseId
    month: Annotated[
        str, text_form(r"^20[0-9]{2}-(0[1-9]|1[0-2])$", "月份(年-月)", "a month, year-month", example="2026-11")
    ]
    sku: Sku | None = None


class OnTimeTally(Answer):
    """Pieces shipped by the day first promised, later, or without a promise date. The total has no SKU and no name.

    `on_time_rate`: share of the pieces with a date that left by then, such as `0.9875`; null without any.
    """

    sku: str | None
    name_zh: str | None
    on_time: int
    late: int
    undated: int
    on_time_rate: str | None


class OnTimeReport(Answer):
    """On-time rate of a warehouse in a month, in total and by SKU."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    month: str
    total: OnTimeTally
    skus: list[OnTimeTally]
