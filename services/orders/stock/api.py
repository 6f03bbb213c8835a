"""Query and answer of the stock list."""

from kernel.http.models import Answer, Query, SkuList


class StockQuery(Query):
    """SKUs to show. `skus`: comma-separated, at most 50."""

    skus: SkuList


class StockListQuery(Query):
    """SKUs to show, at most 50, or without them a page of all stock."""

    skus: SkuList | None = None
    cursor: str | None = None


class StockLine(Answer):
    """Pieces of a SKU in a warehouse: on_hand = available + reserved - missing, the pieces that are fit for sale.

    `missing`: reserved pieces that a count did not find, until they are taken from orders; `quarantined`: further
    pieces that are in the warehouse and may not be sold. `reserved` and `on_hand` are null in the list of all stock.
    """

    sku: str
    name_zh: str
    name_en: str | None
    available: int
    reserved: int | None
    missing: int
    on_hand: int | None
    quarantined: int


class StockView(Answer):
    """Stock of the requested SKUs at a moment, or one page of all stock; `next_cursor` is null after the last."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    as_of: str
    stock: list[StockLine]
    next_cursor: str | None
