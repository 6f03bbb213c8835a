"""Requests and answers about price lists."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import Answer, Body, Name, Sku, UnitPrice, repeated, rows_of

MAX_PRICES = 1_000


class BreakRow(Body):
    """Cheaper from `quantity` pieces on."""

    quantity: Annotated[int, Field(ge=2, le=1_000_000)]
    unit_price: Annotated[UnitPrice, Field(gt=0)]


class PriceRow(Body):
    """The price of a product in a list, in yuan for a piece with VAT; `price_policy` is what dealers are told gives it."""

    sku: Sku
    unit_price: Annotated[UnitPrice, Field(gt=0)]
    price_policy: Annotated[Name, Field(max_length=40)]
    breaks: Annotated[tuple[BreakRow, ...], Field(max_length=5)] = ()


class DraftPrices(Body):
    """Prices for a draft. A price sent again replaces the one sent before."""

    prices: Annotated[list[PriceRow], Field(min_length=1, max_length=MAX_PRICES)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        return repeated_skus(value, "prices")


class Drafted(Answer):
    """What was written into a draft, in prices."""

    price_list_id: str
    draft: str
    received: int
    changed: int
    unchanged: int


class PublishPrices(Body):
    """What dealers are told of a price list. Business days; `valid_to` is its last."""

    name: Name
    valid_from: date
    valid_to: date | None = None


class Published(Answer):
    """A price list as it holds now."""

    price_list_id: str
    version: int
    name: str
    valid_from: date
    valid_to: date | None


def repeated_skus(value: Any, name: str) -> list[FieldProblem]:
    return repeated((f"{path}.sku", row.get("sku")) for path, row in rows_of(value, name))
