"""Query and answer of the on-time rate."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Query, Sku, WarehouseId


class OnTimeQuery(Query):
    """Which warehouse, which month of shipping (Asia/Shanghai), of one SKU or of all."""

    warehouse: WarehouseId
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    sku: Sku | None = None


class OnTimeTally(Answer):
    """Pieces that left by the day first promised, later, or without ever having been promised a day. `rate`: the part
    of those with a day that kept it, such as `0.9875`, null without any."""

    sku: str | None
    kept: int
    late: int
    undated: int
    rate: str | None


class OnTimeReport(Answer):
    """How well a warehouse kept its promises in a month, in all and by SKU."""

    warehouse: str
    month: str
    total: OnTimeTally
    skus: list[OnTimeTally]
