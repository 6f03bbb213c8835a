"""The one writer of a product: its item, its search entries and its listing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.assortment import (
    ASSORTMENT_KEY,
    AssortmentItem,
    AssortmentPageItem,
    Listing,
    assortment_page_key,
    page_of,
)
from contracts.catalog import ProductItem, product_key
from kernel.store.items import Item, Key
from kernel.store.transaction import Transaction
from services.catalog.search.items import BucketProductsItem, TermItem, bucket_products_key, term_key
from services.catalog.search.rules import token_bits
from services.catalog.vocabulary import Product


def change_bucket(
    transaction: Transaction,
    bucket: int,
    stored: BucketProductsItem | None,
    placed: Mapping[int, Product],
    changed_tokens: Iterable[str],
) -> BucketProductsItem:
    """Let the transaction show products at their positions of a bucket and be found there, if nobody changed the bucket
    since it was read. Tokens follow from the bucket's products alone, so they need not be read.

    Returns:
        The bucket as it stands after the commit.
    """
    products = {**(stored.by_position if stored else {}), **placed}
    item = BucketProductsItem(*bucket_products_key(bucket), version=stored.version + 1 if stored else 1)
    item.products = {str(position): tuple(product) for position, product in products.items()}
    unchanged = BucketProductsItem.version == stored.version if stored else BucketProductsItem.pk.does_not_exist()
    transaction.put(item, f"bucket {bucket}", unchanged)
    for token, bits in token_bits(products, changed_tokens).items():
        key = term_key(token, bucket)
        if bits:
            transaction.put(TermItem(*key, bits=bits), f"{token} on bucket {bucket}")
        else:
            transaction.delete(TermItem, key, None, f"{token} on bucket {bucket}")
    return item


def change_assortment(
    transaction: Transaction,
    stored: AssortmentItem | None,
    pages: Mapping[Key, Item],
    listings: Mapping[str, Listing],
) -> list[Item]:
    """Let the transaction list products as they are to be ordered, if nobody changed the assortment since its contents
    were read, and its pages after them.

    Returns:
        Contents and pages as they stand after the commit.
    """
    contents, written = with_listings(stored, pages, listings)
    unchanged = AssortmentItem.revision == stored.revision if stored else AssortmentItem.pk.does_not_exist()
    transaction.put(contents, "assortment", unchanged)
    for page in written:
        transaction.put(page, f"assortment page {page.pk}")
    return [contents, *written]


def product_item(product: Product, sku_index: int, version: int) -> ProductItem:
    """Return the item that stores a product."""
    fields: dict[str, Any] = {**product._asdict(), "specs": dict(product.specs)}
    return ProductItem(*product_key(product.sku), sku_index=sku_index, version=version, **fields)


def by_page(skus: Iterable[str]) -> Mapping[int, Iterable[str]]:
    """Different SKUs by the page they are on."""
    pages: dict[int, dict[str, None]] = defaultdict(dict)
    for sku in skus:
        pages[page_of(sku)][sku] = None
    return pages


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
