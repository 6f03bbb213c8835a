"""Request and response of the product import."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from kernel.base.codes import fold
from kernel.base.problems import FieldProblem
from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, Name, PrintedSku, Sku
from kernel.http.partial_rows import LEFT_OUT, PartialRow
from services.catalog.vocabulary import Category, ProductStatusText, repeated_skus

MAX_PRODUCTS = 500

SpecName = Annotated[Name, Field(max_length=30)]
SpecValue = Annotated[Name, Field(max_length=60)]

#: Pieces in a carton, or in an order multiple.
PackSize = Annotated[int, Field(ge=1, le=100_000)]


class ProductRow(PartialRow):
    """Row of a product file. A field left out does not change, null clears it; `tax_percent` is the VAT in the prices.

    `sku` names the product however it is written. `printed_sku` is the code as the carton shows it: of a new product it
    is `sku` as it is written.

    A new product needs its Chinese name and its category. Left out, it has no English name, specs, carton and
    successor, an order multiple of 1, 13 % VAT and the status active.
    """

    NAME = "sku"
    WHEN_NEW: ClassVar[Mapping[str, Any]] = {
        "printed_sku": None,
        "name_en": None,
        "specs": {},
        "carton": None,
        "order_multiple": 1,
        "tax_percent": 13,
        "status": "active",
        "successor": None,
    }

    sku: PrintedSku
    printed_sku: PrintedSku | None = LEFT_OUT
    name_zh: Name = LEFT_OUT
    name_en: Name | None = LEFT_OUT
    category: Category = LEFT_OUT
    specs: Annotated[dict[SpecName, SpecValue], Field(max_length=16), IGNORE_KEY_ORDER] | None = LEFT_OUT
    carton: PackSize | None = LEFT_OUT
    order_multiple: PackSize | None = LEFT_OUT
    tax_percent: Annotated[int, Field(ge=0, le=17)] = LEFT_OUT
    status: ProductStatusText = LEFT_OUT
    successor: Sku | None = LEFT_OUT

    @field_validator("printed_sku")
    @classmethod
    def _is_spelling_of_sku(cls, printed: str | None, info: ValidationInfo) -> str | None:
        sku = info.data.get("sku")
        if printed is not None and sku is not None and fold(printed) != fold(sku):
            raise PydanticCustomError(
                "another-code",
                "印刷编码须是同一编码的写法,如 三防灯-1200;另一编码请另建商品 / the printed code must be the same "
                "code written in another way; import another code as another product",
            )
        return printed


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
