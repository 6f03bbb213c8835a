"""Import products. A repeated or interrupted import ends in the same catalogue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple

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
from kernel.base.problems import Busy, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.store.transaction import MAX_ACTIONS, Transaction, TransactionRefused
from kernel.store.write import batches
from services.catalog.products.api import ImportProducts, ImportProductsResult, ProductRow
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from services.catalog.products.rules import successor_problems
from services.catalog.products.write_products import change_assortment, change_bucket, product_item
from services.catalog.search.items import BucketProductsItem, bucket_products_key
from services.catalog.search.rules import product_tokens
from services.catalog.vocabulary import Product

#: Another import may get in between; each attempt starts from what stands then.
_ATTEMPTS = 5


class Change(NamedTuple):
    """A product to be written: in which sku_index, and what stands there now."""

    product: Product
    sku_index: int
    before: Product | None
    version: int

    @property
    def bucket_position(self) -> BucketPosition:
        """Bucket and position."""
        return BucketPosition.of(self.sku_index)

    @property
    def changed_tokens(self) -> frozenset[str]:
        """Tokens it gains or loses."""
        return product_tokens(self.product) ^ (product_tokens(self.before) if self.before else frozenset())

    @property
    def listing(self) -> Listing:
        """What an order of it follows from."""
        made = self.product
        return Listing(self.sku_index, made.name_zh, made.order_multiple, made.tax_percent, made.status, made.successor)

    def items(self) -> set[Hashable]:
        """Names of the items its transaction writes; what two changes share is written once."""
        bucket = self.bucket_position.bucket
        own: set[Hashable] = {("product", self.product.sku), ("bucket", bucket), "assortment"}
        own.add(("assortment page", page_of(self.product.sku)))
        own.update(("term", token, bucket) for token in self.changed_tokens)
        return own if self.before else own | {"sku_indexes"}


def import_products(request: ImportProducts, key: IdempotencyKey) -> ImportProductsResult:
    """Bring the named products to what the file says. Unchanged rows write nothing.

    The work is done in transactions that each leave the catalogue whole, products and what finds them together.

    Raises:
        Invalid: some rows are wrong; names them all, and nothing was written.
        Busy: other imports kept changing the same buckets.
    """
    key.reject_if_used()
    products = [_product(row) for row in request.products]
    created = changed = 0
    for _ in range(_ATTEMPTS):
        try:
            for change in _carry_out(products):
                created += change.before is None
                changed += change.before not in (None, change.product)
            break
        except TransactionRefused:
            continue  # somebody else imported meanwhile: look again; what is done already is unchanged now
    else:
        raise Busy
    unchanged = len(products) - created - changed
    answer = ImportProductsResult(received=len(products), created=created, changed=changed, unchanged=unchanged)
    done = Transaction()
    key.record_response(done, answer)
    done.commit()
    return answer


def _product(row: ProductRow) -> Product:
    return Product(**row.model_dump())


def _carry_out(products: Sequence[Product]) -> Iterator[Change]:
    """Write what differs from the table as it stands, batch by batch; each change is handed out when it is done."""
    found = _read(products)
    changes = _changes(products, found)
    found |= fetch([bucket_products_key(bucket) for bucket in {change.bucket_position.bucket for change in changes}])
    for batch in batches(changes, Change.items, MAX_ACTIONS):
        _write(batch, found)
        yield from batch


def _read(products: Sequence[Product]) -> dict[Key, Item]:
    """Everything that tells what must be written. Pages of the assortment after its contents, which guard them."""
    skus = [product.sku for product in products]
    successors = {product.successor for product in products if product.successor}
    found = fetch([SKU_INDEX_COUNTER_KEY, ASSORTMENT_KEY, *(product_key(sku) for sku in (*skus, *successors))])
    return found | fetch([assortment_page_key(page) for page in {page_of(sku) for sku in skus}])


def _changes(products: Sequence[Product], found: Mapping[Key, Item]) -> list[Change]:
    """What must be written, new products in the sku_indexes that are free next.

    A product that is as the file says is written again where the assortment lacks it: it was imported before there was
    one.
    """
    stored = {item.sku: item for item in found.values() if isinstance(item, ProductItem)}
    problems = successor_problems(products, stored)
    if problems:
        raise Invalid(problems)
    listed: dict[str, Listing] = {}
    for page in found.values():
        if isinstance(page, AssortmentPageItem):
            listed |= page.listings
    sku_indexes = found.get(SKU_INDEX_COUNTER_KEY)
    free = count(sku_indexes.next if isinstance(sku_indexes, SkuIndexCounterItem) else 0)
    changes = []
    for product in products:
        item = stored.get(product.sku)
        if item is None:
            changes.append(Change(product, next(free), None, version=1))
        elif Product.of(item) != product or listed.get(product.sku) != Listing.of(item):
            changes.append(Change(product, item.sku_index, Product.of(item), version=item.version + 1))
    return changes


def _write(batch: Sequence[Change], found: dict[Key, Item]) -> None:
    """Commit a batch of changes to what was found, and make what was found what stands then."""
    transaction = Transaction()
    for change in batch:
        unchanged = ProductItem.version == change.version - 1 if change.before else ProductItem.pk.does_not_exist()
        transaction.put(product_item(change.product, change.sku_index, change.version), change.product.sku, unchanged)
    _take_sku_indexes(transaction, [change.sku_index for change in batch if change.before is None])
    written: list[Item] = []
    for bucket, changes in _by_bucket(batch).items():
        stored = found.get(bucket_products_key(bucket))
        placed = {change.bucket_position.position: change.product for change in changes}
        changed_tokens = frozenset[str]().union(*(change.changed_tokens for change in changes))
        here = stored if isinstance(stored, BucketProductsItem) else None
        written.append(change_bucket(transaction, bucket, here, placed, changed_tokens))
    contents = found.get(ASSORTMENT_KEY)
    listings = {change.product.sku: change.listing for change in batch}
    known = contents if isinstance(contents, AssortmentItem) else None
    written += change_assortment(transaction, known, found, listings)
    transaction.commit()
    found |= {(item.pk, item.sk): item for item in written}


def _take_sku_indexes(transaction: Transaction, sku_indexes: Sequence[int]) -> None:
    """Let the transaction take these consecutive sku_indexes, if the first of them is still the next one free."""
    if sku_indexes:
        first = sku_indexes[0]
        still_free = SkuIndexCounterItem.next == first if first else SkuIndexCounterItem.pk.does_not_exist()
        transaction.put(
            SkuIndexCounterItem(*SKU_INDEX_COUNTER_KEY, next=first + len(sku_indexes)), "sku_indexes", still_free
        )


def _by_bucket(changes: Sequence[Change]) -> Mapping[int, list[Change]]:
    found: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        found[change.bucket_position.bucket].append(change)
    return found
