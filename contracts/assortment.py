"""Assortment: the fields of every product that an order line needs, in few pages. Only catalog writes these items.

The page of a SKU follows from the SKU. One small item has the digest of every page: a reader caches pages and reads a
page again only when its digest changes. `contracts/catalog.py` has all fields of a product.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Self

from pynamodb.attributes import BinaryAttribute, JSONAttribute

from contracts.catalog import DISCONTINUED, ProductItem
from contracts.stock import BucketPosition
from kernel.store.items import IntegerAttribute, Item, Key, decompress_json

#: Pages of the assortment. With 20,000 products a page has some 300 of them in 15 KB.
PAGES = 64


class Listing(NamedTuple):
    """Product as an order needs it: `order_multiple` in pieces, `tax_percent` the VAT contained in its prices."""

    sku_index: int
    name_zh: str
    order_multiple: int
    tax_percent: int
    status: str
    successor: str | None

    @classmethod
    def of(cls, product: ProductItem) -> Self:
        """Return the listing of a stored product."""
        return cls(
            product.sku_index,
            product.name_zh,
            product.order_multiple,
            product.tax_percent,
            product.status,
            product.successor,
        )

    @property
    def orderable(self) -> bool:
        """Return True if dealers may order the product: it is active, or sold until it is gone."""
        return self.status != DISCONTINUED

    @property
    def bucket_position(self) -> BucketPosition:
        """Return bucket and position of the SKU."""
        return BucketPosition.of(self.sku_index)


# P  digests of all pages   pk: ASSORTMENT   sk: CONTENTS
class AssortmentItem(Item, discriminator="assortment"):
    """Contents of the assortment: `digests` is {page as text: digest}; `revision` counts and guards all its writes."""

    digests: JSONAttribute = JSONAttribute()
    revision = IntegerAttribute()


# P  listings of one page   pk: ASSORTMENT#<page>   sk: PAGE
class AssortmentPageItem(Item, discriminator="assortment_page"):
    """Page of the assortment. `packed`: compressed JSON, {sku: fields of `Listing` in their order}."""

    packed = BinaryAttribute(legacy_encoding=False)

    @classmethod
    def of(cls, page: int, listings: Mapping[str, Listing]) -> Self:
        """Return the page with these listings by SKU."""
        text = json.dumps(listings, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
        return cls(*assortment_page_key(page), packed=zlib.compress(text.encode()))

    @property
    def page(self) -> int:
        """Return the number of the page."""
        return int(self.pk.rpartition("#")[2])

    @property
    def listings(self) -> dict[str, Listing]:
        """Return the listings by SKU."""
        return {sku: Listing(*fields) for sku, fields in decompress_json(self.packed).items()}

    @property
    def digest(self) -> str:
        """Return the digest of the listings."""
        return sha256(self.packed).hexdigest()[:16]


ASSORTMENT_KEY: Key = ("ASSORTMENT", "CONTENTS")


def assortment_page_key(page: int) -> Key:
    """Return the key of a page."""
    return f"ASSORTMENT#{page:02d}", "PAGE"


def page_of(sku: str) -> int:
    """Return the page of a SKU."""
    return zlib.crc32(sku.encode()) % PAGES
