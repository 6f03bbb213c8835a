"""Available pieces of SKUs, from stock buckets that a reader fetches with its other items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.stock import BucketPosition, StockBucketItem, stock_bucket_key
from kernel.store.items import Item, Key


def stock_keys(warehouse: str, buckets: Iterable[int]) -> list[Key]:
    """Return the keys of these stock buckets of a warehouse."""
    return [stock_bucket_key(warehouse, bucket) for bucket in buckets]


def available_pieces(found: Mapping[Key, Item], warehouse: str, position: BucketPosition) -> int:
    """Return the pieces of a SKU that a warehouse may promise; none if its bucket was not found."""
    item = found.get(stock_bucket_key(warehouse, position.bucket))
    # Fewer than 0 are available while reserved pieces are missing.
    return max(item.available[position.position], 0) if isinstance(item, StockBucketItem) else 0
