"""Invariants of the catalogue: the copies of a product for search and for orders agree with the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from contracts.assortment import AssortmentItem, AssortmentPageItem, Listing, page_of
from contracts.catalog import ProductItem
from contracts.stock import SKUS_PER_BUCKET
from kernel.base.codes import fold_text
from kernel.invariants.snapshot import Finding, Snapshot
from services.catalog.search.items import BucketProductsItem, CategoriesItem, TermItem
from services.catalog.search.rules import positions_of_set_bits, product_tokens
from services.catalog.vocabulary import Product, ProductStatus


def sku_indexes_are_unique(snapshot: Snapshot) -> Iterator[Finding]:
    """Find SKU indexes that two products have."""
    by_sku_index: dict[int, list[str]] = defaultdict(list)
    for product in snapshot.items(ProductItem):
        by_sku_index[product.sku_index].append(product.sku)
    for sku_index, skus in sorted(by_sku_index.items()):
        if len(skus) > 1:
            yield Finding("sku-index-shared", f"SKU index {sku_index}", ", ".join(sorted(skus)))


def product_copies_agree(snapshot: Snapshot) -> Iterator[Finding]:
    """Find fields of a product that differ in its search entry or listing, missing copies, and copies of no product."""
    products = {item.sku: item for item in snapshot.items(ProductItem)}
    searched = {sku: Product.of(item) for sku, item in products.items()}
    yield from _copy_findings("search entry", products, searched, list(_search_entries(snapshot)))
    listed = {sku: Listing.of(item) for sku, item in products.items()}
    yield from _copy_findings("listing", products, listed, list(_listings(snapshot)))


def search_terms_match_products(snapshot: Snapshot) -> Iterator[Finding]:
    """Find products that a token of theirs does not find, and tokens that find a product or position without it."""
    expected: dict[tuple[str, int], int] = defaultdict(int)
    sku_of: dict[int, str] = {}
    for item in snapshot.items(ProductItem):
        bucket, position = item.bucket_position
        sku_of[item.sku_index] = item.sku
        for token in product_tokens(Product.of(item)):
            expected[token, bucket] |= 1 << position
    stored = {(item.pk.removeprefix("TERM#"), int(item.sk)): item.bits for item in snapshot.items(TermItem)}
    for token, bucket in sorted(expected.keys() | stored.keys()):
        wanted, found = expected.get((token, bucket), 0), stored.get((token, bucket), 0)
        for position in positions_of_set_bits(wanted ^ found):
            sku_index = bucket * SKUS_PER_BUCKET + position
            detail = "its token does not find it" if wanted >> position & 1 else "it does not have the token"
            yield Finding("search-term", f"{sku_of.get(sku_index, f'SKU index {sku_index}')} “{token}”", detail)


def category_counts_match_products(snapshot: Snapshot) -> Iterator[Finding]:
    """Find categories whose stored number of products, or of active ones, is wrong."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for item in snapshot.items(ProductItem):
        counts = counted[fold_text(item.category)]
        counts[0] += 1
        counts[1] += item.status == ProductStatus.ACTIVE
    stored = {
        folded: [count.products, count.active] if fold_text(count.name) == folded else [count.name]
        for item in snapshot.items(CategoriesItem)
        for folded, count in item.by_folded_name.items()
    }
    for folded in sorted(counted.keys() | stored.keys()):
        if stored.get(folded) != counted.get(folded):
            yield Finding("category-count", folded, f"stored {stored.get(folded)}, counted {counted.get(folded)}")


def assortment_digests_match_pages(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pages of the assortment whose digest is not the one in its contents: readers would use an old page."""
    stored = {page.page: page.digest for page in snapshot.items(AssortmentPageItem)}
    named = {int(page): digest for item in snapshot.items(AssortmentItem) for page, digest in item.digests.items()}
    for page in sorted(stored.keys() | named.keys()):
        if stored.get(page) != named.get(page):
            yield Finding("assortment-digest", f"page {page}", f"{stored.get(page)}, in the contents {named.get(page)}")


ALWAYS = (
    sku_indexes_are_unique,
    product_copies_agree,
    search_terms_match_products,
    category_counts_match_products,
    assortment_digests_match_pages,
)


class _Copy(NamedTuple):
    """A copy of a product as it is stored: a reader finds it only if `is_reachable`."""

    sku: str
    sku_index: int
    is_reachable: bool
    fields: Product | Listing


def _search_entries(snapshot: Snapshot) -> Iterator[_Copy]:
    for item in snapshot.items(BucketProductsItem):
        bucket = int(item.pk.removeprefix("SKUINDEX#"))
        for position, product in item.by_position.items():
            yield _Copy(product.sku, bucket * SKUS_PER_BUCKET + position, True, product)


def _listings(snapshot: Snapshot) -> Iterator[_Copy]:
    for page in snapshot.items(AssortmentPageItem):
        for sku, listing in page.listings.items():
            yield _Copy(sku, listing.sku_index, page.page == page_of(sku), listing)


def _copy_findings(
    name: str,
    products: Mapping[str, ProductItem],
    expected: Mapping[str, Product | Listing],
    copies: list[_Copy],
) -> Iterator[Finding]:
    missing = dict.fromkeys(sorted(products))
    for copy in sorted(copies, key=lambda copy: copy.sku):
        product = products.get(copy.sku)
        if product is None or not copy.is_reachable:
            yield Finding("product-copy", copy.sku, f"{name} of no product")
            continue
        missing.pop(copy.sku, None)
        if product.sku_index != copy.sku_index:
            detail = f"{name} has {copy.sku_index}, product {product.sku_index}"
            yield Finding("product-copy", f"{copy.sku} sku_index", detail)
        yield from _field_findings(name, copy, expected[copy.sku])
    for sku in missing:
        yield Finding("product-copy", sku, f"{name} is missing")


def _field_findings(name: str, copy: _Copy, expected: Product | Listing) -> Iterator[Finding]:
    for field in expected._fields:
        stored, wanted = getattr(copy.fields, field), getattr(expected, field)
        if field != "sku_index" and stored != wanted:
            yield Finding("product-copy", f"{copy.sku} {field}", f"{name} has {stored!r}, product {wanted!r}")
