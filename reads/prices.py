"""Prices of the valid version of a price list, with a cache of its pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from contracts.catalog import Price, PriceListItem, PricePageItem
from contracts.stock import SKUS_PER_BUCKET
from kernel.store.read import fetch
from reads.cache import Cache

#: Prices of a page by SKU index. A key is (price list, edition, bucket): a page of an edition never changes.
_pages: Cache[tuple[str, str, int], Mapping[int, Price]] = Cache(max_entries=1_000)


def prices_of(price_list: PriceListItem, sku_indexes: Collection[int]) -> dict[int, Price]:
    """Return the prices of these SKU indexes; SKUs that the price list does not have are left out.

    Pages are read consistently, like the price list itself: a page corrected just before the publication must not be
    cached as it was before. Lists published without an edition are not cached.
    """
    edition = price_list.price_list_id, price_list.edition or ""
    buckets = {sku_index // SKUS_PER_BUCKET for sku_index in sku_indexes}
    pages = {bucket: page for bucket in buckets if (page := _pages.get((*edition, bucket))) is not None}
    unread = {price_list.page_key(bucket): bucket for bucket in buckets - pages.keys()}
    found = fetch(unread)
    for key, bucket in unread.items():
        item = found.get(key)
        pages[bucket] = item.by_sku_index(bucket) if isinstance(item, PricePageItem) else {}
        if price_list.edition:
            _pages.put((*edition, bucket), pages[bucket])
    return {
        sku_index: price for sku_index in sku_indexes if (price := pages[sku_index // SKUS_PER_BUCKET].get(sku_index))
    }
