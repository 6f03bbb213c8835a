"""Read models of catalog: products and price lists. Only catalog writes these items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Self

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute

#: Statuses of a product besides `active`: sold until the stock is gone and never backordered; no longer ordered.
RUN_OUT, DISCONTINUED = "run_out", "discontinued"


class ProductStatus(StrEnum):
    """Status of a product. A run-out one may be ordered until its stock is gone, a discontinued one no longer."""

    ACTIVE = "active"
    RUN_OUT = RUN_OUT
    DISCONTINUED = DISCONTINUED


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

    `sku`: the folded code, the same however people write it; `printed_sku`: the code as the carton shows it, None if
    that is the folded one; `specs`: {name: value} for people; `carton`: pieces in a box, None if unknown;
    `order_multiple`: an order line's pieces must be a multiple of this number; `tax_percent`: VAT contained in its
    prices; `status`: active | run_out | discontinued; `successor`: SKU to order instead of one that is not active.
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
    printed_sku = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @property
    def bucket_position(self) -> BucketPosition:
        """Return bucket and position of the SKU."""
        return BucketPosition.of(self.sku_index)


#: Index partition of all published price lists.
PRICE_LISTS = "PRICELISTS"


class EarlierVersion(NamedTuple):
    """Version of a price list that is valid until a later one begins; fields as in `PriceListItem`."""

    version: int
    name: str
    edition: str | None
    valid_from: str
    valid_to: str | None
    page_versions: Sequence[int]


# P  newest version of a price list      pk: PRICELIST#<id>   sk: CURRENT
# P  published price lists by id         gsi1pk: PRICELISTS   gsi1sk: <id>
class PriceListItem(Item, discriminator="price_list"):
    """Newest published version of a price list, valid from `valid_from` to `valid_to` inclusive (ISO business days).

    `edition` is unique for this publication, in any table: a reader may cache its pages. Without `valid_to` the list
    does not end. `page_versions`: for each bucket, the version that wrote its page; 0 where no SKU has a price.
    `earlier`: the versions that are valid before this one begins, the oldest first, as `EarlierVersion`.
    `last_number`: number of the last published version, if that was withdrawn before it began.
    """

    price_list_id = UnicodeAttribute()
    name = UnicodeAttribute()
    version = IntegerAttribute()
    edition = UnicodeAttribute(null=True)  # price lists published before there were editions have none
    valid_from = UnicodeAttribute()
    valid_to = UnicodeAttribute(null=True)
    page_versions = PackedJSONAttribute(default=())
    earlier = PackedJSONAttribute(null=True)
    last_number = IntegerAttribute(null=True)

    @property
    def next_number(self) -> int:
        """Number of the next version. The number of a withdrawn version is not used again."""
        return (self.last_number or self.version) + 1

    @property
    def own_version(self) -> EarlierVersion:
        """This version, as a later one keeps it."""
        return EarlierVersion(
            self.version, self.name, self.edition, self.valid_from, self.valid_to, list(self.page_versions)
        )

    @property
    def earlier_versions(self) -> list[EarlierVersion]:
        """The versions that are valid before this one begins, the oldest first."""
        return [EarlierVersion(*stored) for stored in self.earlier or ()]

    def on_day(self, day: date) -> PriceListItem | None:
        """Return the list with the version that is valid on a business day; None if no version is.

        The last version that has begun replaces the former ones for good: once it has ended, none is valid.
        """
        started = [one for one in (*self.earlier_versions, self.own_version) if one.valid_from <= day.isoformat()]
        if not started or (started[-1].valid_to is not None and started[-1].valid_to < day.isoformat()):
            return None
        if started[-1].version == self.version:
            return self
        return PriceListItem(self.pk, self.sk, price_list_id=self.price_list_id, **started[-1]._asdict())

    def page_key(self, bucket: int) -> Key:
        """Return the key of the prices of a bucket's SKUs; without prices, there is no item at this key."""
        return price_page_key(self.price_list_id, page_version(self.page_versions, bucket), bucket)


# P  one published version       pk: PRICELIST#<id>   sk: VERSION#<version>
# P  history of a price list     pk: PRICELIST#<id>   sk: VERSION#…
class PriceVersionItem(Item, discriminator="price_version"):
    """Version of a price list as it was published, with its author; it never changes. `page_versions` as in the list.

    `removals`: SKUs that left the list with it; `restored_from`: the former version that its draft began with.
    `withdrawn_at`, `withdrawn_by`, `withdrawal_reason`: set once it is withdrawn, which is possible until it begins.
    """

    price_list_id = UnicodeAttribute()
    name = UnicodeAttribute()
    version = IntegerAttribute()
    valid_from = UnicodeAttribute()
    valid_to = UnicodeAttribute(null=True)
    page_versions = PackedJSONAttribute()
    published_by = UnicodeAttribute()
    published_at = UnicodeAttribute()
    removals = IntegerAttribute(default=0)
    restored_from = IntegerAttribute(null=True)
    withdrawn_at = UnicodeAttribute(null=True)
    withdrawn_by = UnicodeAttribute(null=True)
    withdrawal_reason = UnicodeAttribute(null=True)


# P  prices of a bucket's SKUs   pk: PRICELIST#<id>   sk: PAGE#<version>#<bucket>
class PricePageItem(Item, discriminator="price_page"):
    """Prices of the SKUs of one bucket, written by one version of a price list and used until a later one writes them.

    They never change once the version is published. `prices`: {position as text: price as `Price.as_stored`}, some
    6 KB packed into one or two.
    """

    prices = PackedJSONAttribute()

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


def price_version_key(price_list_id: str, version: int) -> Key:
    """Return the key of a published version in the history of its price list."""
    return f"PRICELIST#{price_list_id}", f"VERSION#{version:06d}"


def price_page_key(price_list_id: str, version: int, bucket: int) -> Key:
    """Return the key of the prices of one bucket's SKUs that a version wrote."""
    return f"PRICELIST#{price_list_id}", f"PAGE#{version:06d}#{bucket:04d}"


def page_version(page_versions: Sequence[int], bucket: int) -> int:
    """Return the version that wrote the page of a bucket; 0 if it has none."""
    return page_versions[bucket] if bucket < len(page_versions) else 0
