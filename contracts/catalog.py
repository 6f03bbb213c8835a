"""What catalog publishes: the read models of products and prices. Only catalog writes these items."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Self

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import fetch


class Price(NamedTuple):
    """The price of one SKU in one price list: tax-inclusive yuan for a piece, and cheaper from certain quantities on.

    `price_policy` names the price policy that gives it; `breaks` holds (from pieces, unit price), ascending.
    """

    unit_price: Decimal
    price_policy: str
    breaks: tuple[tuple[int, Decimal], ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The price a page holds."""
        breaks = tuple((least, Decimal(price)) for least, price in stored["breaks"])
        return cls(Decimal(stored["unit_price"]), stored["price_policy"], breaks)

    @property
    def as_stored(self) -> dict[str, Any]:
        """The price as a page holds it."""
        breaks = [[least, str(price)] for least, price in self.breaks]
        return {"unit_price": str(self.unit_price), "price_policy": self.price_policy, "breaks": breaks}

    def at(self, quantity: int) -> Decimal:
        """The unit price in yuan that holds for this many pieces."""
        for least, price in reversed(self.breaks):
            if quantity >= least:
                return price
        return self.unit_price


# P  one product by SKU        pk: PRODUCT#<sku>  sk: PRODUCT
class ProductItem(Item, discriminator="product"):
    """A product as dealers may order it. `sku_index` is its place on every warehouse's buckets, given once and for ever.

    `specs`: {name: value} for people; `carton`: pieces in a box, `order_multiple`: pieces an order line must be a
    multiple of; `tax_percent`: VAT contained in its prices; `status`: active | discontinued (then `successor` may name
    the SKU to take instead).
    """

    sku = UnicodeAttribute()
    sku_index = IntegerAttribute()
    name_zh = UnicodeAttribute()
    name_en = UnicodeAttribute()
    category = UnicodeAttribute()
    specs: JSONAttribute = JSONAttribute()
    carton = IntegerAttribute()
    order_multiple = IntegerAttribute(default=1)
    tax_percent = IntegerAttribute(default=13)
    status = UnicodeAttribute(default="active")
    successor = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @property
    def bucket_position(self) -> BucketPosition:
        """Bucket and position."""
        return BucketPosition.of(self.sku_index)


# P  a price list's valid version       pk: PRICELIST#<id>  sk: CURRENT
class PriceListItem(Item, discriminator="price_list"):
    """Which version of a price list holds, and when (business dates, ISO; `valid_to` inclusive, may lack).

    `edition` names this publication and no other, in whatever table: who has read a page of it need not read it again.
    """

    price_list_id = UnicodeAttribute()
    name = UnicodeAttribute()
    version = IntegerAttribute()
    edition = UnicodeAttribute(null=True)  # lists published by the first version have none
    valid_from = UnicodeAttribute()
    valid_to = UnicodeAttribute(null=True)

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on a business day."""
        return self.valid_from <= day.isoformat() and (self.valid_to is None or day.isoformat() <= self.valid_to)


# P  prices of the SKUs of a bucket      pk: PRICELIST#<id>  sk: PAGE#<version>#<bucket>
class PricePageItem(Item, discriminator="price_page"):
    """The prices of all SKUs of one bucket in one version of a list, never changed once the version is published.

    `prices`: {position as text: Price as JSON}, some 6 KB packed into one or two; `revision` counts the writes of the
    draft.
    """

    prices = PackedJSONAttribute()
    revision = IntegerAttribute(default=1)

    def by_sku_index(self, bucket: int) -> dict[int, Price]:
        """All its prices, by the number of the sku_index; the page does not say of which bucket it is."""
        first = bucket * SKUS_PER_BUCKET
        return {first + int(position): Price.of(stored) for position, stored in self.prices.items()}

    def price_at(self, position: int) -> Price | None:
        """The price of the SKU at a position, None where the list does not have it."""
        found: dict[str, Any] | None = self.prices.get(str(position))
        return Price.of(found) if found else None


def product_key(sku: str) -> Key:
    """One product."""
    return f"PRODUCT#{sku}", "PRODUCT"


def price_list_key(price_list_id: str) -> Key:
    """A price list's current version."""
    return f"PRICELIST#{price_list_id}", "CURRENT"


def price_pages(version: int) -> str:
    """What the sort keys of all pages of a version begin with."""
    return f"PAGE#{version:06d}#"


def price_page_key(price_list_id: str, version: int, bucket: int) -> Key:
    """The prices of one bucket's SKUs."""
    return f"PRICELIST#{price_list_id}", f"{price_pages(version)}{bucket:04d}"


def prices_of(price_list: PriceListItem, sku_indexes: Collection[int]) -> dict[int, Price]:
    """By sku_index the prices in the version that holds of the SKUs in these; those it lacks are left out.

    A page never changes once its version is published, so a process reads each page of an edition once. Consistently,
    like the list: a page corrected just before its publication must not be read as it was before.
    """
    edition = price_list.price_list_id, price_list.edition or ""
    buckets = {sku_index // SKUS_PER_BUCKET for sku_index in sku_indexes}
    pages = {bucket: _pages[*edition, bucket] for bucket in buckets if (*edition, bucket) in _pages}
    version = price_list.version
    unread = {price_page_key(price_list.price_list_id, version, bucket): bucket for bucket in buckets - pages.keys()}
    found = fetch(unread)
    for key, bucket in unread.items():
        item = found.get(key)
        pages[bucket] = item.by_sku_index(bucket) if isinstance(item, PricePageItem) else {}
        if price_list.edition:
            _keep((*edition, bucket), pages[bucket])
    return {
        sku_index: price for sku_index in sku_indexes if (price := pages[sku_index // SKUS_PER_BUCKET].get(sku_index))
    }


#: What was read of editions, by list, edition and bucket: prices by sku_index; the oldest goes when there are too many.
_pages: dict[tuple[str, str, int], Mapping[int, Price]] = {}
_MOST_PAGES = 1_000


def forget() -> None:
    """Be as a process that has read nothing."""
    _pages.clear()


def _keep(name: tuple[str, str, int], prices: Mapping[int, Price]) -> None:
    _pages[name] = prices
    if len(_pages) > _MOST_PAGES:
        del _pages[next(iter(_pages))]
