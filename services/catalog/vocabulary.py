"""Terms and field types that every room of the catalogue shares."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field

from contracts.catalog import ProductItem
from contracts.catalog import ProductStatus as ProductStatus
from kernel.base.problems import FieldProblem
from kernel.http.models import Name, problems_of_repeated_names, rows_with_paths

Category = Annotated[Name, Field(max_length=40)]

#: `ProductStatus` as text in requests and responses.
ProductStatusText = Literal["active", "run_out", "discontinued"]


class Product(NamedTuple):
    """All fields of a row of a product file.

    `sku` is the folded code, `printed_sku` the code as the carton shows it, None if that is the folded one. `carton`
    and `order_multiple` are pieces, `tax_percent` is the VAT contained in prices.
    """

    sku: str
    name_zh: str
    name_en: str | None
    category: str
    specs: Mapping[str, str]
    carton: int | None
    order_multiple: int
    tax_percent: int
    status: str
    successor: str | None
    printed_sku: str | None = None

    @classmethod
    def of(cls, item: ProductItem) -> Self:
        """Return the product that an item stores."""
        return cls(
            sku=item.sku,
            name_zh=item.name_zh,
            name_en=item.name_en,
            category=item.category,
            specs=item.specs,
            carton=item.carton,
            order_multiple=item.order_multiple,
            tax_percent=item.tax_percent,
            status=item.status,
            successor=item.successor,
            printed_sku=item.printed_sku,
        )


#: Most categories of the catalogue: all counts are one item of some KB.
MAX_CATEGORIES = 500


class CategoryCount(NamedTuple):
    """Products of a category, and the active ones of them; `name` as the product written last has it."""

    name: str
    products: int
    active: int


def repeated_skus(value: Any, name: str) -> list[FieldProblem]:
    """Return a problem for every row of the list `name` whose SKU an earlier row already has."""
    return problems_of_repeated_names((f"{path}.sku", row.get("sku")) for path, row in rows_with_paths(value, name))
