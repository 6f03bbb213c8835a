"""Requests and responses of price lists."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import Answer, Body, Name, Sku, UnitPrice
from services.catalog.vocabulary import repeated_skus

MAX_PRICES = 1_000


class BreakRow(Body):
    """Quantity break: from `quantity` pieces on, a piece costs `unit_price` yuan."""

    quantity: Annotated[int, Field(ge=2, le=1_000_000)]
    unit_price: Annotated[UnitPrice, Field(gt=0)]


class PriceRow(Body):
    """Price of a product in a list, in yuan for a piece with VAT. Dealers see `price_policy` as the reason for it."""

    sku: Sku
    unit_price: Annotated[UnitPrice, Field(gt=0)]
    price_policy: Annotated[Name, Field(max_length=40)]
    breaks: Annotated[tuple[BreakRow, ...], Field(max_length=5)] = ()


class DraftPrices(Body):
    """Prices for a draft. A price sent again replaces the earlier one."""

    prices: Annotated[list[PriceRow], Field(min_length=1, max_length=MAX_PRICES)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        """Return a problem for every repeated SKU."""
        return repeated_skus(value, "prices")


class DraftPricesResult(Answer):
    """Number of prices that a request wrote into a draft."""

    price_list_id: str
    draft: str
    received: int
    changed: int
    unchanged: int


class PublishPrices(Body):
    """Name and validity of a price list. `valid_from` and `valid_to` are its first and last business day."""

    name: Name
    valid_from: date
    valid_to: date | None = None


class PublishedPriceList(Answer):
    """Valid version of a price list."""

    price_list_id: str
    version: int
    name: str
    valid_from: date
    valid_to: date | None
