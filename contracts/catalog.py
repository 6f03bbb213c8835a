"""Read models of catalog: products and price lists. Only catalog writes these items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Self

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute


class Price(NamedTuple):
    """Price of one SKU in one price list, in yuan for a piece with tax.

    `price_policy` names the reason for the price; `breaks` are (from pieces, unit price), ascending.
    """

    unit_price: Decimal
    price_policy: str
    breaks: tuple[tuple[int, Decimal], ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return the price that a page stores."""
        breaks = tuple((least, Decimal(price)) for least, price in stored["breaks"])
        return cls(Decimal(stored["unit_price"]), stored["price_policy"], breaks)

    @property
    def as_stored(self) -> dict[str, Any]:
        """Return the price as a page stores it."""
        breaks = [[least, str(price)] for least, price in self.breaks]
        return {"unit_price": str(self.unit_price), "price_policy": self.price_policy, "breaks": breaks}

    def at(self, quantity: int) -> Decimal:
        """Return the unit price in yuan for this many pieces."""
        for least, price in reversed(self.breaks):
            if quantity >= least:
                return price
        return self.unit_price


# P  one product by SKU   pk: PRODUCT#<sku>   sk: PRODUCT
class ProductItem(Item, discriminator="product"):
    """Product as dealers may order it. `sku_index` is its permanent number, the same in every warehouse's buckets.

    `specs`: {name: value} for people; `carton`: pieces in a box, None if unknown; `order_multiple`: an order line's
    pieces must be a multiple of this number; `tax_percent`: VAT contained in its prices; `status`: active |
    discontinued; `successor`: SKU to order instead of a discontinued one.
    """

    sku = UnicodeAttribute()
    sku_index = IntegerAttribute()
    name_zh = UnicodeAttribute()
    name_en = UnicodeAttribute(null=True)
    category = UnicodeAttribute()
    specs: JSONAttribute = JSONAttribute()
    carton = IntegerAttribute(null=True)
    order_multiple = IntegerAttribute(default=1)
    tax_percent = IntegerAttribute(default=13)
    status = UnicodeAttribute(default="active")
    successor = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @property
    def bucket_position(self) -> BucketPosition:
        """Return bucket and position of the SKU."""
        return BucketPosition.of(self.sku_index)


# P  published version of a price list   pk: PRICELIST#<id>   sk: CURRENT
class PriceListItem(Item, discriminator="price_list"):
    """Published version of a price list, valid from `valid_from` to `valid_to` inclusive (ISO business days).

    `edition` is unique for this publication, in any table: a reader may cache its pages. Without `valid_to` the list
    does not end.
    """

    price_list_id = UnicodeAttribute()
    name = UnicodeAttribute()
    version = IntegerAttribute()
    edition = UnicodeAttribute(null=True)  # price lists published before there were editions have none
    valid_from = UnicodeAttribute()
    valid_to = UnicodeAttribute(null=True)

    def is_valid_on(self, day: date) -> bool:
        """Return true if the list is valid on a business day."""
        return self.valid_from <= day.isoformat() and (self.valid_to is None or day.isoformat() <= self.valid_to)


# P  prices of a bucket's SKUs   pk: PRICELIST#<id>   sk: PAGE#<version>#<bucket>
# P  all prices of a version     pk: PRICELIST#<id>   sk: PAGE#<version>#…
class PricePageItem(Item, discriminator="price_page"):
    """Prices of the SKUs of one bucket in one version of a price list. They never change once the version is published.

    `prices`: {position as text: price as `Price.as_stored`}, some 6 KB packed into one or two; `revision` counts the
    writes of the draft.
    """

    prices = PackedJSONAttribute()
    revision = IntegerAttribute(default=1)

    def by_sku_index(self, bucket: int) -> dict[int, Price]:
        """Return all prices by SKU index. The caller passes the bucket, because the page does not store it."""
        first = bucket * SKUS_PER_BUCKET
        return {first + int(position): Price.of(stored) for position, stored in self.prices.items()}

    def price_at(self, position: int) -> Price | None:
        """Return the price of the SKU at a position, None if the list does not have it."""
        found: dict[str, Any] | None = self.prices.get(str(position))
        return Price.of(found) if found else None


def product_key(sku: str) -> Key:
    """Return the key of a product."""
    return f"PRODUCT#{sku}", "PRODUCT"


def price_list_key(price_list_id: str) -> Key:
    """Return the key of the published version of a price list."""
    return f"PRICELIST#{price_list_id}", "CURRENT"


def price_pages(version: int) -> str:
    """Return the prefix of the sort keys of a version's pages."""
    return f"PAGE#{version:06d}#"


def price_page_key(price_list_id: str, version: int, bucket: int) -> Key:
    """Return the key of the prices of one bucket's SKUs."""
    return f"PRICELIST#{price_list_id}", f"{price_pages(version)}{bucket:04d}"
