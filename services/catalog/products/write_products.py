"""Write products: the only module that writes any of their three copies.

The copies are the product itself (`ProductItem`), its entries in the search (`BucketProductsItem`, `TermItem`) and its
listing in the assortment (`AssortmentPageItem`, named by `AssortmentItem`). One transaction writes all of them, and the
numbers of products of the categories (`CategoriesItem`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.assortment import (
    ASSORTMENT_KEY,
    AssortmentItem,
    AssortmentPageItem,
    Listing,
    assortment_page_key,
    page_of,
)
from contracts.catalog import ProductItem, product_key
from contracts.stock import BucketPosition
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.store.transaction import Transaction
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from services.catalog.products.rules import counts_after
from services.catalog.search.items import (
    CATEGORIES_KEY,
    BucketProductsItem,
    CategoriesItem,
    TermItem,
    bucket_products_key,
    term_key,
)
from services.catalog.search.rules import product_tokens, token_bits
from services.catalog.vocabulary import CategoryCount, Product


class ProductChange(NamedTuple):
    """Product to write. `before` is the stored product, None if this one is new; `version` is the one to write."""

    product: Product
    sku_index: int
    before: Product | None
    version: int

    @property
    def bucket_position(self) -> BucketPosition:
        """Return bucket and position of the SKU."""
        return BucketPosition.of(self.sku_index)

    @property
    def changed_tokens(self) -> frozenset[str]:
        """Return the tokens that the product gains or loses."""
        return product_tokens(self.product) ^ (product_tokens(self.before) if self.before else frozenset())

    def written_items(self) -> set[Hashable]:
        """Return names of the items that the change writes; changes of one transaction may share some of them."""
        bucket = self.bucket_position.bucket
        names: set[Hashable] = {
            ("product", self.product.sku),
            ("bucket", bucket),
            "assortment",
            "categories",
        }
        names.add(("assortment page", page_of(self.product.sku)))
        names.update(("term", token, bucket) for token in self.changed_tokens)
        return names if self.before else names | {"sku_indexes"}


def load_products_with_pages(skus: Collection[str], successors: Iterable[str] = ()) -> dict[Key, Item]:
    """Load the products with these SKUs and their successors, the SKU index counter, and the pages of these SKUs.

    Pages and the numbers of the categories are read after the contents of the assortment, whose revision guards them.
    """
    found = fetch([SKU_INDEX_COUNTER_KEY, ASSORTMENT_KEY, *(product_key(sku) for sku in (*skus, *successors))])
    pages = {page_of(sku) for sku in skus}
    return found | fetch([CATEGORIES_KEY, *(assortment_page_key(page) for page in pages)])


def load_search_buckets(changes: Iterable[ProductChange]) -> dict[Key, Item]:
    """Load the products of the buckets that these changes write."""
    return fetch([bucket_products_key(bucket) for bucket in {change.bucket_position.bucket for change in changes}])


def write_products(
    transaction: Transaction, changes: Sequence[ProductChange], found: Mapping[Key, Item]
) -> dict[Key, Item]:
    """Add products with all their copies to a transaction.

    The transaction is refused if one of the products, its bucket, the SKU index counter or the assortment has changed
    since it was read. New products take consecutive SKU indexes.

    Args:
        found: items from `load_products_with_pages` and `load_search_buckets`.

    Returns:
        Items that `found` has to hold after the commit, for the next transaction.
    """
    products = [_product_item(change) for change in changes]
    for change, item in zip(changes, products, strict=True):
        stored_before = ProductItem.version == change.version - 1 if change.before else ProductItem.pk.does_not_exist()
        transaction.put(item, item.sku, stored_before)
    _take_sku_indexes(transaction, [change.sku_index for change in changes if change.before is None])
    written = [
        *_write_search(transaction, changes, found),
        *_write_listings(transaction, products, found),
        _write_categories(transaction, changes, found),
    ]
    return {(item.pk, item.sk): item for item in written}


def _product_item(change: ProductChange) -> ProductItem:
    fields: dict[str, Any] = {**change.product._asdict(), "specs": dict(change.product.specs)}
    key = product_key(change.product.sku)
    return ProductItem(*key, sku_index=change.sku_index, version=change.version, **fields)


def _take_sku_indexes(transaction: Transaction, sku_indexes: Sequence[int]) -> None:
    if sku_indexes:
        first = sku_indexes[0]
        still_free = SkuIndexCounterItem.next == first if first else SkuIndexCounterItem.pk.does_not_exist()
        counter = SkuIndexCounterItem(*SKU_INDEX_COUNTER_KEY, next=first + len(sku_indexes))
        transaction.put(counter, "sku_indexes", still_free)


def _write_search(
    transaction: Transaction, changes: Sequence[ProductChange], found: Mapping[Key, Item]
) -> list[BucketProductsItem]:
    buckets: dict[int, list[ProductChange]] = defaultdict(list)
    for change in changes:
        buckets[change.bucket_position.bucket].append(change)
    return [_write_bucket(transaction, bucket, in_bucket, found) for bucket, in_bucket in buckets.items()]


def _write_bucket(
    transaction: Transaction, bucket: int, changes: Sequence[ProductChange], found: Mapping[Key, Item]
) -> BucketProductsItem:
    """Add the products of a bucket and the positions of their changed tokens.

    Positions follow from the products of the bucket alone, so they need not be read.
    """
    key = bucket_products_key(bucket)
    stored = found.get(key)
    products, version = (stored.by_position, stored.version) if isinstance(stored, BucketProductsItem) else ({}, 0)
    products |= {change.bucket_position.position: change.product for change in changes}
    item = BucketProductsItem(*key, version=version + 1)
    item.products = {str(position): tuple(product) for position, product in products.items()}
    unchanged = BucketProductsItem.version == version if version else BucketProductsItem.pk.does_not_exist()
    transaction.put(item, f"bucket {bucket}", unchanged)
    changed_tokens = frozenset[str]().union(*(change.changed_tokens for change in changes))
    for token, bits in token_bits(products, changed_tokens).items():
        label = f"{token} on bucket {bucket}"
        if bits:
            transaction.put(TermItem(*term_key(token, bucket), bits=bits), label)
        else:
            transaction.delete(TermItem, term_key(token, bucket), None, label)
    return item


def _write_listings(transaction: Transaction, products: Sequence[ProductItem], found: Mapping[Key, Item]) -> list[Item]:
    stored = found.get(ASSORTMENT_KEY)
    digests, revision = (dict(stored.digests), stored.revision) if isinstance(stored, AssortmentItem) else ({}, 0)
    pages: dict[int, dict[str, Listing]] = defaultdict(dict)
    for item in products:
        pages[page_of(item.sku)][item.sku] = Listing.of(item)
    written = [_page_with(page, listings, found) for page, listings in pages.items()]
    contents = AssortmentItem(
        *ASSORTMENT_KEY, digests=digests | {str(page.page): page.digest for page in written}, revision=revision + 1
    )
    unchanged = AssortmentItem.revision == revision if revision else AssortmentItem.pk.does_not_exist()
    transaction.put(contents, "assortment", unchanged)
    for page in written:
        transaction.put(page, f"assortment page {page.pk}")
    return [contents, *written]


def _write_categories(
    transaction: Transaction, changes: Sequence[ProductChange], found: Mapping[Key, Item]
) -> CategoriesItem:
    counts = counts_after(stored_counts(found), [(change.before, change.product) for change in changes])
    item = CategoriesItem(*CATEGORIES_KEY, counts={name: tuple(count) for name, count in counts.items()})
    if counts != stored_counts(found):
        transaction.put(item, "categories")
    return item


def stored_counts(found: Mapping[Key, Item]) -> dict[str, CategoryCount]:
    """Return the stored numbers of the categories, by folded name."""
    stored = found.get(CATEGORIES_KEY)
    return stored.by_folded_name if isinstance(stored, CategoriesItem) else {}


def _page_with(page: int, listings: dict[str, Listing], found: Mapping[Key, Item]) -> AssortmentPageItem:
    stored = found.get(assortment_page_key(page))
    former = stored.listings if isinstance(stored, AssortmentPageItem) else {}
    return AssortmentPageItem.of(page, former | listings)
