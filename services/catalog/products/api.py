"""Request and response of the product import."""

from typing import Annotated, Any

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, Name, Sku
from services.catalog.vocabulary import Category, ProductStatusText, repeated_skus

MAX_PRODUCTS = 500

SpecName = Annotated[Name, Field(max_length=30)]
SpecValue = Annotated[Name, Field(max_length=60)]

#: Pieces in a carton, or in an order multiple.
PackSize = Annotated[int, Field(ge=1, le=100_000)]


class ProductRow(Body):
    """Row of a product file; an omitted field has its default. `tax_percent` is the VAT contained in the prices."""

    sku: Sku
    name_zh: Name
    name_en: Name
    category: Category
    specs: Annotated[dict[SpecName, SpecValue], Field(max_length=16, default_factory=dict), IGNORE_KEY_ORDER]
    carton: PackSize
    order_multiple: PackSize = 1
    tax_percent: Annotated[int, Field(ge=0, le=17)] = 13
    status: ProductStatusText = "active"
    successor: Sku | None = None


class ImportProducts(Body):
    """Chunk of a product file. Products that it does not name stay unchanged."""

    products: Annotated[list[ProductRow], Field(min_length=1, max_length=MAX_PRODUCTS)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        """Return a problem for every repeated SKU."""
        return repeated_skus(value, "products")


class ImportProductsResult(Answer):
    """Number of rows received, created, changed and left unchanged."""

    received: int
    created: int
    changed: int
    unchanged: int
