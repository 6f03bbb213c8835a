"""Listings of many products, with a cache of the assortment's pages.

A reader loads the contents of the assortment, then the pages that its process has not cached yet:

    assortment = Assortment.of(found.get(ASSORTMENT_KEY))
    found |= fetch(assortment.unread(skus))
    listings = assortment.listings(skus, found)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Self

from contracts.assortment import (
    ASSORTMENT_KEY,
    PAGES,
    AssortmentItem,
    AssortmentPageItem,
    Listing,
    assortment_page_key,
    page_of,
)
from contracts.catalog import ProductItem, product_key
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from reads.cache import Cache

#: Listings of a page by SKU. The key is the digest of the page, so a changed page has another key. There is room for
#: all pages and as many former versions.
_pages: Cache[str, Mapping[str, Listing]] = Cache(max_entries=2 * PAGES)


class Assortment(NamedTuple):
    """Assortment at one reading of its contents.

    `pages`: {page: its listings by SKU, or None if this process has not cached its present version}.
    """

    pages: Mapping[int, Mapping[str, Listing] | None]

    @classmethod
    def of(cls, contents: Item | None) -> Self:
        """Return the assortment that the item at `ASSORTMENT_KEY` describes; an empty one without it."""
        digests = contents.digests if isinstance(contents, AssortmentItem) else {}
        return cls({int(page): _pages.get(digest) for page, digest in digests.items()})

    def unread(self, skus: Iterable[str]) -> list[Key]:
        """Return the keys of the pages of these SKUs that must be read."""
        unread = {page for page, listings in self.pages.items() if listings is None}
        # Mostly all pages are cached; then the pages of the SKUs need not be computed.
        return [assortment_page_key(page) for page in sorted(unread.intersection(map(page_of, skus)))] if unread else []

    def listings(self, skus: Collection[str], read: Mapping[Key, Item]) -> dict[str, Listing]:
        """Return the listings of these SKUs; SKUs without a product are left out.

        A product that is on no page is loaded by its own key: it was imported before there were pages.

        Args:
            read: items that include those at the keys from `unread`. Read after the contents, they may be newer.
        """
        pages = dict(self.pages)
        for item in read.values():
            if isinstance(item, AssortmentPageItem):
                listings = pages[item.page] = item.listings
                _pages.put(item.digest, listings)
        found = {}
        for sku in skus:
            page = pages.get(page_of(sku))
            if page and sku in page:
                found[sku] = page[sku]
        if len(found) == len(skus):
            return found
        products = fetch(product_key(sku) for sku in skus if sku not in found).values()
        return found | {item.sku: Listing.of(item) for item in products if isinstance(item, ProductItem)}


def listings_by_index() -> dict[int, tuple[str, Listing]]:
    """Load SKU and listing of every SKU index, from all pages: for a clerk's requests, not for those of dealers."""
    assortment = Assortment.of(fetch([ASSORTMENT_KEY]).get(ASSORTMENT_KEY))
    unread = [assortment_page_key(page) for page, listings in assortment.pages.items() if listings is None]
    pages = {page: listings for page, listings in assortment.pages.items() if listings is not None}
    for item in fetch(unread).values():
        if isinstance(item, AssortmentPageItem):
            pages[item.page] = item.listings
            _pages.put(item.digest, pages[item.page])
    return {listing.sku_index: (sku, listing) for listings in pages.values() for sku, listing in listings.items()}


def listings_of(skus: Iterable[str]) -> dict[str, Listing]:
    """Load the listings of these SKUs; SKUs without a product are left out."""
    wanted = dict.fromkeys(skus)
    assortment = Assortment.of(fetch([ASSORTMENT_KEY]).get(ASSORTMENT_KEY))
    return assortment.listings(wanted, fetch(assortment.unread(wanted)))


def product_names(skus: Iterable[str]) -> Mapping[str, str]:
    """Return the Chinese names of these SKUs; a SKU without a product is its own name.

    A process that has cached the assortment reads its contents only, for any number of SKUs.
    """
    wanted = dict.fromkeys(skus)
    listings = listings_of(wanted) if wanted else {}
    return {sku: listings[sku].name_zh if sku in listings else sku for sku in wanted}
