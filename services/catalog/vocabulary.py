"""Words every room of the catalogue shares."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Whether a product is still made for us."""

    ACTIVE = "active"
    DISCONTINUED = "discontinued"


class Product(NamedTuple):
    """What the trade knows of a product: everything an import row says. `carton` and `order_multiple` are pieces."""

    sku: str
    name_zh: str
    name_en: str
    category: str
    specs: Mapping[str, str]
    carton: int
    order_multiple: int
    tax_percent: int
    status: str
    successor: str | None
