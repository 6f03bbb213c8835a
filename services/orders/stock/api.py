"""Query and answer of the stock list."""

from typing import Annotated

from kernel.http.models import Answer, Query
from kernel.http.text_forms import text_form


class StockQuery(Query):
    """SKUs to show. `skus`: comma-separated, at most 50."""

    skus: Annotated[
        str,
        text_form(
            r"^[A-Za-z0-9][A-Za-z0-9._/,-]{0,2000}$",
            "商品编码,以半角逗号分隔",
            "product codes with commas between them",
            example="QP3-03-E2730,QP3-05-E2730",
        ),
    ]


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
