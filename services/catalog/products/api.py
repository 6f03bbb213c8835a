"""Requests and answers of the product import."""

from typing import Annotated, Any, Literal

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, Name, Sku
from services.catalog.prices.api import repeated_skus

MAX_PRODUCTS = 500


Category = Annotated[Name, Field(max_length=40)]


SpecName = Annotated[Name, Field(max_length=30)]


SpecValue = Annotated[Name, Field(max_length=60)]


ProductStatus = Literal["active", "discontinued"]


#: Pieces in a carton, or which a line must be a multiple of.
Pack = Annotated[int, Field(ge=1, le=100_000)]


class ProductRow(Body):
    """A product as the import says it; what is left out has its default. `tax_percent`: VAT contained in its prices."""

    sku: Sku
    name_zh: Name
    name_en: Name
    category: Category
    specs: Annotated[dict[SpecName, SpecValue], Field(max_length=16, default_factory=dict), IGNORE_KEY_ORDER]
    carton: Pack
    order_multiple: Pack = 1
    tax_percent: Annotated[int, Field(ge=0, le=17)] = 13
    status: ProductStatus = "active"
    successor: Sku | None = None


class ImportProducts(Body):
    """A chunk of a product file. Products not named stay as they are."""

    products: Annotated[list[ProductRow], Field(min_length=1, max_length=MAX_PRODUCTS)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        return repeated_skus(value, "products")


class Imported(Answer):
    """What an import did, in rows."""

    received: int
    created: int
    changed: int
    unchanged: int
