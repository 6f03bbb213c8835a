"""Queries and answers of the search."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, DealerId, Query, UnitPrice
from services.catalog.products.api import Category, ProductStatus
from services.catalog.search.availability import AvailabilityBand

MAX_PAGE = 50


class ForDealer(Query):
    """Staff may look with a dealer's pricing_dealer; dealers always do with their own."""

    dealer_id: DealerId | None = None


class ProductsQuery(ForDealer):
    """All words must be found in a product: in its Chinese or English name, or at the beginning of its SKU."""

    text: Annotated[str, Field(max_length=60)] | None = None
    category: Category | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class BreakView(Answer):
    """Cheaper from `quantity` pieces on, in yuan for a piece."""

    quantity: int
    unit_price: UnitPrice


class PriceView(Answer):
    """A dealer's own price in yuan for a piece, VAT included: which policy gives it, by which list, how long."""

    unit_price: UnitPrice
    price_policy: str
    price_list: str
    price_list_name: str
    version: int
    valid_from: date
    valid_to: date | None
    breaks: list[BreakView]
    next_break: BreakView | None


class AvailabilityView(Answer):
    """What the dealer's warehouse could promise at the moment `as_of`, in pieces and in a word."""

    warehouse: str
    band: AvailabilityBand
    text: str
    pieces: int
    as_of: str


class ProductView(Answer):
    """A product as one dealer sees it. Without a price it cannot be ordered by this dealer; staff who do not say whose
    pricing_dealer they look with see neither price nor availability.
    """

    sku: str
    name_zh: str
    name_en: str
    category: str
    specs: dict[str, str]
    carton: int
    order_multiple: int
    tax_percent: int
    status: ProductStatus
    successor: str | None
    price: PriceView | None
    availability: AvailabilityView | None


class ProductPage(Answer):
    """A page of products in the order of the catalogue. It may hold fewer than asked for, even none, while there are
    more: `next_cursor` alone tells.
    """

    products: list[ProductView]
    next_cursor: str | None
