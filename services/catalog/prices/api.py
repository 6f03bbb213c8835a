"""Requests and responses of price lists."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kernel.base.problems import FieldProblem
from kernel.http.models import Answer, Body, Day, Name, QuantityOrZero, Query, Sku, Text, UnitPrice
from kernel.http.partial_rows import LEFT_OUT, PartialRow
from services.catalog.vocabulary import ProductStatus, repeated_skus

MAX_PRICES = 1_000


class BreakRow(Body):
    """Quantity break: from `quantity` pieces on, a piece costs `unit_price` yuan."""

    quantity: Annotated[int, Field(ge=2, le=1_000_000)]
    unit_price: Annotated[UnitPrice, Field(gt=0)]


class PriceRow(PartialRow):
    """Price of a product in a list, in yuan for a piece with VAT. Dealers see `price_policy` as the reason for it.

    A field left out does not change. `unit_price` null removes the product from the list, `breaks` null its breaks.
    """

    NAME = "sku"
    WHEN_NEW: ClassVar[Mapping[str, Any]] = {"breaks": ()}

    sku: Sku
    unit_price: Annotated[UnitPrice, Field(gt=0)] | None = LEFT_OUT
    price_policy: Annotated[Name, Field(max_length=40)] = LEFT_OUT
    breaks: Annotated[tuple[BreakRow, ...], Field(max_length=5)] | None = LEFT_OUT


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


class DraftQuery(Query):
    """Page of a draft's changes."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PRICES)] = 200


class PriceBreak(Answer):
    """Quantity break: from `quantity` pieces on, a piece costs `unit_price` yuan."""

    quantity: int
    unit_price: UnitPrice


class ListedPrice(Answer):
    """Price of a product in a version, in yuan for a piece with VAT."""

    unit_price: UnitPrice
    price_policy: str
    breaks: list[PriceBreak]


class PriceChange(Answer):
    """Change of a product's price in a draft: `before` is null if it is added, `after` if it is removed."""

    sku: str
    name_zh: str
    change: Literal["added", "changed", "removed"]
    before: ListedPrice | None
    after: ListedPrice | None


class DraftChanges(Answer):
    """Changes of a draft against the published version, in the order of the catalogue, and their number in all."""

    price_list_id: str
    draft: str
    restored_from: int | None
    added: int
    changed: int
    removed: int
    changes: list[PriceChange]
    next_cursor: str | None


class RestoreVersion(Body):
    """The published version whose prices a draft begins with."""

    version: Annotated[int, Field(ge=1, le=999_999)]


class RestoredDraft(Answer):
    """Draft with the prices of a published version."""

    price_list_id: str
    draft: str
    restored_from: int


class VersionsQuery(Query):
    """Page of the history of a price list."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class PublishPrices(Body):
    """Name and validity of a price list. `valid_from` and `valid_to` are its first and last business day.

    `removals` confirms the number of products that leave the list.
    """

    name: Name
    valid_from: Day
    valid_to: Day | None = None
    removals: QuantityOrZero = 0


class PublishedPriceList(Answer):
    """Published version of a price list, valid from its first day on until it ends or a later version begins."""

    price_list_id: str
    version: int
    name: str
    valid_from: date
    valid_to: date | None


class PriceListVersion(PublishedPriceList):
    """Version in the history of a price list, with its author."""

    published_by: str
    published_at: str
    removals: int
    restored_from: int | None
    withdrawn_at: str | None = None
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None


class WithdrawVersion(Body):
    """Why a version is withdrawn before it begins. Its dealers read the reason."""

    reason: Annotated[Text, Field(min_length=1, max_length=200)]


class PriceListView(Answer):
    """A price list: the version that is valid today, null if none is, and the versions that wait.

    `draft_begun`: prices were written into `next_draft` already.
    """

    price_list_id: str
    name: str
    valid: PublishedPriceList | None
    waiting: list[PublishedPriceList]
    next_draft: str
    draft_begun: bool


class PriceListsQuery(Query):
    """Page of the price lists."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class PriceLists(Answer):
    """Price lists by id."""

    price_lists: list[PriceListView]
    next_cursor: str | None


class PriceListVersions(Answer):
    """Published versions of a price list, the newest first."""

    versions: list[PriceListVersion]
    next_cursor: str | None


class VersionPricesQuery(Query):
    """Page of the prices of a version."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PRICES)] = 200


class NamedPrice(Answer):
    """Price of a product in a version, with the product's present name and status."""

    sku: str
    name_zh: str
    status: ProductStatus
    price: ListedPrice


class VersionPrices(Answer):
    """Prices of a published version in the order of the catalogue. Only `next_cursor` shows the end."""

    version: PriceListVersion
    prices: list[NamedPrice]
    next_cursor: str | None
