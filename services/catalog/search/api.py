"""Queries and responses of the search."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, DealerId, Query, UnitPrice
from services.catalog.search.rules import AvailabilityBand
from services.catalog.search.selection import Sort
from services.catalog.vocabulary import Category, ProductStatusText

MAX_PAGE = 50


class PricingDealerQuery(Query):
    """Dealer whose prices and stock are shown: staff may name one, dealers always see their own."""

    dealer_id: DealerId | None = None


class ProductsQuery(PricingDealerQuery):
    """Search. A product must have all words: in its Chinese or English name, or at the beginning of its SKU.

    `in_stock`: with pieces in the dealer's warehouse, or false: without any; `price_from`, `price_to`: limits of the
    dealer's price in yuan for one piece. `sort` by SKU, name or price needs a search that matches few enough products;
    without it, they are in the order of the catalogue.
    """

    text: Annotated[str, Field(max_length=60)] | None = None
    category: Category | None = None
    status: ProductStatusText | None = None
    in_stock: bool | None = None
    price_from: UnitPrice | None = None
    price_to: UnitPrice | None = None
    sort: Sort | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class CategoryView(Answer):
    """Category with the number of its products, and of those that may be ordered."""

    category: str
    products: int
    active: int


class Categories(Answer):
    """All categories of the catalogue, by name."""

    categories: list[CategoryView]


class BreakView(Answer):
    """Quantity break: from `quantity` pieces on, a piece costs `unit_price` yuan."""

    quantity: int
    unit_price: UnitPrice


class PriceView(Answer):
    """Price of the pricing dealer in yuan for a piece, VAT included, with its price policy, price list and validity."""

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
    """Pieces that the dealer's warehouse may promise at the moment `as_of`."""

    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    band: AvailabilityBand
    label_zh: str
    label_en: str
    pieces: int
    as_of: str


class ProductView(Answer):
    """Product as the pricing dealer sees it. Without a price this dealer cannot order it.

    `sku` names it everywhere; `printed_sku` is its code as the carton shows it.
    Staff who name no dealer see neither price nor availability.
    """

    sku: str
    name_zh: str
    name_en: str | None
    category: str
    specs: dict[str, str]
    carton: int | None
    order_multiple: int
    tax_percent: int
    status: ProductStatusText
    successor: str | None
    printed_sku: str
    price: PriceView | None
    availability: AvailabilityView | None


class ProductPage(Answer):
    """Page of products in the order of the search.

    A page may have fewer products than the limit, even none, while more follow: only `next_cursor` shows the end.
    `ignored`: parts of the text that the search did not understand and left out, for the user to see.
    """

    products: list[ProductView]
    ignored: list[str]
    next_cursor: str | None
