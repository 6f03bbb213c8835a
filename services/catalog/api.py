"""Requests and answers of the catalogue."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, DealerId, Name, Query, Sku, UnitPrice, repeated, rows_of
from services.catalog.domain import Band

MAX_PRODUCTS = 500
MAX_PRICES = 1_000
MAX_PAGE = 50

Category = Annotated[Name, Field(max_length=40)]
SpecName = Annotated[Name, Field(max_length=30)]
SpecValue = Annotated[Name, Field(max_length=60)]
Status = Literal["active", "discontinued"]
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
    status: Status = "active"
    successor: Sku | None = None


class ImportProducts(Body):
    """A chunk of a product file. Products not named stay as they are."""

    products: Annotated[list[ProductRow], Field(min_length=1, max_length=MAX_PRODUCTS)]

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        return _repeated_skus(value, "products")


class Imported(Answer):
    """What an import did, in rows."""

    received: int
    created: int
    changed: int
    unchanged: int


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
        return _repeated_skus(value, "prices")


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
    band: Band
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
    status: Status
    successor: str | None
    price: PriceView | None
    availability: AvailabilityView | None


class ProductPage(Answer):
    """A page of products in the order of the catalogue. It may hold fewer than asked for, even none, while there are
    more: `next_cursor` alone tells.
    """

    products: list[ProductView]
    next_cursor: str | None


def _repeated_skus(value: Any, name: str) -> list[FieldProblem]:
    return repeated((f"{path}.sku", row.get("sku")) for path, row in rows_of(value, name))
