"""Query and answer of the stock list."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Query


class StockQuery(Query):
    """SKUs to show. `skus`: comma-separated, at most 50."""

    skus: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/,-]{0,2000}$")]


class StockLine(Answer):
    """Pieces of a SKU in a warehouse: on_hand = available + reserved, the pieces that are fit for sale.

    `quarantined`: further pieces that are in the warehouse and may not be sold.
    """

    sku: str
    available: int
    reserved: int
    on_hand: int
    quarantined: int


class StockView(Answer):
    """Stock of the requested SKUs at a moment."""

    warehouse: str
    as_of: str
    stock: list[StockLine]
