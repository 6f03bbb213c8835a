"""The assortment: of every product what an order line follows from, packed by catalog into few pages for those who look
up many products at once. Only catalog writes these items; `contracts/catalog.py` has the whole of a product.

Which page a SKU is on follows from the SKU. One small item names every page by the digest of what it holds: a reader
keeps the pages it has decompress_json and reads again only what is named anew.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Self

from pynamodb.attributes import BinaryAttribute, JSONAttribute

from contracts.catalog import ProductItem, product_key
from contracts.stock import BucketPosition
from kernel.store.items import IntegerAttribute, Item, Key, decompress_json
from kernel.store.read import fetch

#: A page of 20,000 products holds some 300 of them in 15 KB.
PAGES = 64


class Listing(NamedTuple):
    """A product as it is ordered: `order_multiple` in pieces, `tax_percent` the VAT contained in its prices."""

    sku_index: int
    name_zh: str
    order_multiple: int
    tax_percent: int
    status: str
    successor: str | None

    @classmethod
    def of(cls, product: ProductItem) -> Self:
        """The listing of a stored product."""
        return cls(
            product.sku_index,
            product.name_zh,
            product.order_multiple,
            product.tax_percent,
            product.status,
            product.successor,
        )

    @property
    def bucket_position(self) -> BucketPosition:
        """Bucket and position."""
        return BucketPosition.of(self.sku_index)


# P  which pages hold what      pk: ASSORTMENT         sk: CONTENTS
class AssortmentItem(Item, discriminator="assortment"):
    """`digests`: {page as text: digest of what it holds}; `revision` counts and guards the writes of all pages."""

    digests: JSONAttribute = JSONAttribute()
    revision = IntegerAttribute()


# P  the products of one page   pk: ASSORTMENT#<page>  sk: PAGE
class AssortmentPageItem(Item, discriminator="assortment_page"):
    """`packed`: compressed JSON, {sku: fields of `Listing` in their order}."""

    packed = BinaryAttribute(legacy_encoding=False)

    @classmethod
    def of(cls, page: int, listings: Mapping[str, Listing]) -> Self:
        """A page that holds these."""
        text = json.dumps(listings, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
        return cls(*assortment_page_key(page), packed=zlib.compress(text.encode()))

    @property
    def page(self) -> int:
        """Its number."""
        return int(self.pk.rpartition("#")[2])

    @property
    def listings(self) -> dict[str, Listing]:
        """By SKU."""
        return {sku: Listing(*facts) for sku, facts in decompress_json(self.packed).items()}

    @property
    def digest(self) -> str:
        """Names what it holds."""
        return sha256(self.packed).hexdigest()[:16]


ASSORTMENT_KEY: Key = ("ASSORTMENT", "CONTENTS")


def assortment_page_key(page: int) -> Key:
    """One page."""
    return f"ASSORTMENT#{page:02d}", "PAGE"


def page_of(sku: str) -> int:
    """The number of the page a SKU is on."""
    return zlib.crc32(sku.encode()) % PAGES


def by_page(skus: Iterable[str]) -> Mapping[int, Iterable[str]]:
    """Different SKUs by the page they are on."""
    pages: dict[int, dict[str, None]] = defaultdict(dict)
    for sku in skus:
        pages[page_of(sku)][sku] = None
    return pages


#: What this process has read: the pages by number, and the products of all of them together.
_pages: dict[int, _Page] = {}
_listings: dict[str, Listing] = {}


class _Page(NamedTuple):
    """What a page held when it was read last, and the digest of that."""

    digest: str
    skus: Collection[str]


def _keep(item: AssortmentPageItem) -> None:
    listings = item.listings
    _drop(item.page)
    _pages[item.page] = _Page(item.digest, listings.keys())
    _listings.update(listings)


def _drop(page: int) -> None:
    for sku in _pages.pop(page).skus if page in _pages else ():
        _listings.pop(sku, None)


def forget() -> None:
    """Be as a process that has read nothing."""
    _pages.clear()
    _listings.clear()


@dataclass(frozen=True)
class Assortment:
    """The assortment as of one reading of its contents: a page read later is never older than that.

    `digests`: by number, of the pages there are.
    """

    digests: Mapping[int, str]

    @classmethod
    def of(cls, contents: Item | None) -> Self:
        """As the item at `ASSORTMENT_KEY` names it; empty if there is none."""
        digests = contents.digests if isinstance(contents, AssortmentItem) else {}
        return cls({int(page): digest for page, digest in digests.items()})

    def unread(self, skus: Iterable[str]) -> list[Key]:
        """Of the pages these SKUs are on those that this process does not have as they are. Older ones are dropped."""
        for page in [page for page, kept in _pages.items() if kept.digest != self.digests.get(page)]:
            _drop(page)
        unread = self.digests.keys() - _pages.keys()
        # With all of them read, as they mostly are, which page a SKU is on need not be reckoned.
        return [assortment_page_key(page) for page in sorted(unread & set(map(page_of, skus)))] if unread else []

    def listings(self, skus: Collection[str], read: Mapping[Key, Item]) -> dict[str, Listing]:
        """The products with these SKUs; what there is not is left out.

        A product that is on no page is looked up by itself: it was imported before there were pages.

        Args:
            read: the items at the keys that `unread` told for these SKUs just before.
        """
        for item in read.values():
            if isinstance(item, AssortmentPageItem):
                _keep(item)
        found = {sku: _listings[sku] for sku in skus if sku in _listings}
        if len(found) == len(skus):
            return found
        products = fetch(product_key(sku) for sku in skus if sku not in found).values()
        return found | {item.sku: Listing.of(item) for item in products if isinstance(item, ProductItem)}


def listings_of(skus: Iterable[str]) -> dict[str, Listing]:
    """The products with these SKUs; others are left out."""
    wanted = dict.fromkeys(skus)
    assortment = Assortment.of(fetch([ASSORTMENT_KEY]).get(ASSORTMENT_KEY))
    return assortment.listings(wanted, fetch(assortment.unread(wanted)))


def with_listings(
    contents: AssortmentItem | None, pages: Mapping[Key, Item], listings: Mapping[str, Listing]
) -> tuple[AssortmentItem, list[AssortmentPageItem]]:
    """The contents and the pages as they are to be written, for these products to be listed besides what is there.

    Args:
        contents: as they stand, None before the first.
        pages: of these products at least, as they stand; read after the contents.
    """
    digests, written = dict(contents.digests) if contents else {}, []
    for page, skus in by_page(listings).items():
        stored = pages.get(assortment_page_key(page))
        there = stored.listings if isinstance(stored, AssortmentPageItem) else {}
        item = AssortmentPageItem.of(page, there | {sku: listings[sku] for sku in skus})
        digests[str(page)] = item.digest
        written.append(item)
    revision = contents.revision + 1 if contents else 1
    return AssortmentItem(*ASSORTMENT_KEY, digests=digests, revision=revision), written
