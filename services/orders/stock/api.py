"""Query and answer of the stock list."""

from kernel.http.models import Answer, Query, SkuList


class StockQuery(Query):
    """SKUs to show. `skus`: comma-separated, at most 50."""

    skus: SkuList


class StockLine(Answer):
    """Pieces of a SKU in a warehouse: on_hand = available + reserved - missing, the pieces that are fit for sale.

    `missing`: reserved pieces that a count did not find, until they are taken from orders; `quarantined`: further
    pieces that are in the warehouse and may not be sold.
    """

    sku: str
    available: int
    reserved: int
    missing: int
    on_hand: int
    quarantined: int


class StockView(Answer):
    """Stock of the requested SKUs at a moment."""

    warehouse: str
    as_of: str
    stock: list[StockLine]
