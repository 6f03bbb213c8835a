"""Stock buckets: what is available by SKU index, and what a refused update reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.stock import (
    SKUS_PER_BUCKET,
    BucketPosition,
    QuarantineItem,
    StockBucketItem,
    quarantine_key,
    stock_bucket_key,
)
from kernel.store.items import Item, Key
from kernel.store.read import fetch, query_all
from kernel.store.transaction import Transaction, TransactionRefused

#: So many buckets of a range are billed like a single one: a bucket has half a KB.
_RANGE_FACTOR = 8


def ensure_buckets(warehouse: str, sku_indexes: Iterable[int], *, quarantine: bool = False) -> None:
    """Create missing buckets, empty. Two callers at the same time create each bucket once."""
    buckets = sorted({BucketPosition.of(number).bucket for number in sku_indexes})
    wanted: dict[Key, StockBucketItem | QuarantineItem] = {
        stock_bucket_key(warehouse, one): _bucket(warehouse, one) for one in buckets
    }
    if quarantine:
        wanted |= {quarantine_key(warehouse, one): _quarantine(warehouse, one) for one in buckets}
    for key in wanted.keys() - fetch(wanted).keys():
        transaction = Transaction()
        transaction.create(wanted[key], "bucket")
        try:
            transaction.commit()
        except TransactionRefused:
            continue


def available_pieces(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, int]:
    """Load available pieces by SKU index, 0 where nothing was ever received; consistent read.

    Fewer than 0 are a shortage: so many reserved pieces are not there.
    """
    found = dict.fromkeys(sorted(set(sku_indexes)), 0)
    buckets = fetch(
        [
            stock_bucket_key(warehouse, bucket)
            for bucket in sorted({BucketPosition.of(number).bucket for number in found})
        ]
    )
    for number in found:
        bucket, position = BucketPosition.of(number)
        item = buckets.get(stock_bucket_key(warehouse, bucket))
        if isinstance(item, StockBucketItem):
            found[number] = item.available[position]
    return found


def available_pieces_of_many(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, int]:
    """Load available pieces by SKU index as `available_pieces` does, of many SKUs for fewer units; may be a second old.

    Neighbouring buckets are read as one range, because a range is billed by its size and a single item as 4 KB.
    """
    positions = {number: BucketPosition.of(number) for number in sku_indexes}
    buckets = {bucket for bucket, _ in positions.values()}
    if not buckets:
        return {}
    first, last = min(buckets), max(buckets)
    if last - first < _RANGE_FACTOR * len(buckets):
        within = Item.sk.between(stock_bucket_key(warehouse, first)[1], stock_bucket_key(warehouse, last)[1])
        items: Iterable[Item] = query_all(
            StockBucketItem, stock_bucket_key(warehouse, 0)[0], sk=within, consistent=False
        )
    else:
        items = fetch([stock_bucket_key(warehouse, bucket) for bucket in sorted(buckets)], consistent=False).values()
    read = {int(item.sk): item.available for item in items if isinstance(item, StockBucketItem)}
    return {number: read[bucket][at] if bucket in read else 0 for number, (bucket, at) in positions.items()}


def quarantined_pieces(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, int]:
    """Load pieces in quarantine by SKU index, 0 where nothing was ever set aside; consistent read."""
    found = dict.fromkeys(sorted(set(sku_indexes)), 0)
    items = fetch({quarantine_key(warehouse, BucketPosition.of(number).bucket) for number in found})
    for number in found:
        bucket, position = BucketPosition.of(number)
        item = items.get(quarantine_key(warehouse, bucket))
        if isinstance(item, QuarantineItem):
            found[number] = item.pieces[position]
    return found


def available_in_refused_buckets(refusal: TransactionRefused) -> dict[int, int]:
    """Return the available pieces by SKU index of every bucket that refused.

    They are 0 where the bucket does not exist, and where reserved pieces are missing.
    """
    return _refused(refusal, BUCKET_LABEL, "available")


def quarantined_in_refused_buckets(refusal: TransactionRefused) -> dict[int, int]:
    """Return the quarantined pieces by SKU index of every bucket that refused; 0 where there never were any."""
    return _refused(refusal, QUARANTINE_LABEL, "pieces")


def _refused(refusal: TransactionRefused, prefix: str, attribute: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for label, reason in refusal.reasons.items():
        if label.startswith(prefix):
            first = int(label.removeprefix(prefix)) * SKUS_PER_BUCKET
            found |= dict(enumerate((max(pieces, 0) for pieces in _counters(reason.item, attribute)), first))
    return found


BUCKET_LABEL = "bucket "


QUARANTINE_LABEL = "quarantine "


def _bucket(warehouse: str, bucket: int) -> StockBucketItem:
    return StockBucketItem(*stock_bucket_key(warehouse, bucket), available=[0] * SKUS_PER_BUCKET)


def _quarantine(warehouse: str, bucket: int) -> QuarantineItem:
    return QuarantineItem(*quarantine_key(warehouse, bucket), pieces=[0] * SKUS_PER_BUCKET)


def _counters(raw: dict[str, Any] | None, attribute: str) -> list[int]:
    return [int(counter["N"]) for counter in raw[attribute]["L"]] if raw else [0] * SKUS_PER_BUCKET


class StockKeepsChanging(Exception):
    """Others took stock faster than this command could decide. The message is delivered again."""
