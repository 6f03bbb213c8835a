"""Import products. A repeated or interrupted import ends in the same catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from contracts.assortment import AssortmentPageItem, Listing
from contracts.catalog import ProductItem
from kernel.base.problems import Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.store.items import Item, Key
from kernel.store.transaction import MAX_ACTIONS, Transaction
from kernel.store.write import batches, retry_on_conflict
from services.catalog.products.api import ImportProducts, ImportProductsResult
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from services.catalog.products.rules import successor_problems
from services.catalog.products.write_products import (
    ProductChange,
    load_products_with_pages,
    load_search_buckets,
    write_products,
)
from services.catalog.vocabulary import Product

#: Another import may change the same items meanwhile; each attempt reads them anew.
_ATTEMPTS = 5


def import_products(request: ImportProducts, key: IdempotencyKey) -> ImportProductsResult:
    """Create and change products as the rows of a file state them. Unchanged rows write nothing.

    Each transaction leaves all copies of a product equal.

    Raises:
        Invalid: rows are wrong; names them all, and nothing is written.
        Busy: other imports kept changing the same buckets.
    """
    key.reject_if_used()
    products = [Product(**row.model_dump()) for row in request.products]
    written: list[ProductChange] = []
    retry_on_conflict(_ATTEMPTS, partial(_import, products, written))
    created = sum(change.before is None for change in written)
    changed = sum(change.before not in (None, change.product) for change in written)
    unchanged = len(products) - created - changed
    result = ImportProductsResult(received=len(products), created=created, changed=changed, unchanged=unchanged)
    transaction = Transaction()
    key.record_response(transaction, result)
    transaction.commit()
    return result


def _import(products: Sequence[Product], written: list[ProductChange]) -> None:
    """Write the products that differ from the stored ones, batch by batch; append to `written` after each commit."""
    successors = {product.successor for product in products if product.successor}
    found = load_products_with_pages([product.sku for product in products], successors)
    changes = _changes(products, found)
    found |= load_search_buckets(changes)
    for batch in batches(changes, ProductChange.written_items, MAX_ACTIONS):
        transaction = Transaction()
        after_commit = write_products(transaction, batch, found)
        transaction.commit()
        found |= after_commit
        written += batch


def _changes(products: Sequence[Product], found: Mapping[Key, Item]) -> list[ProductChange]:
    """Return the changes to write; new products get the next free SKU indexes.

    An unchanged product is written again if the assortment lacks it: it was imported before there were pages.

    Raises:
        Invalid: successors are wrong.
    """
    stored = {item.sku: item for item in found.values() if isinstance(item, ProductItem)}
    problems = successor_problems(products, stored)
    if problems:
        raise Invalid(problems)
    listed: dict[str, Listing] = {}
    for page in found.values():
        if isinstance(page, AssortmentPageItem):
            listed |= page.listings
    counter = found.get(SKU_INDEX_COUNTER_KEY)
    free = count(counter.next if isinstance(counter, SkuIndexCounterItem) else 0)
    changes = []
    for product in products:
        item = stored.get(product.sku)
        if item is None:
            changes.append(ProductChange(product, next(free), None, version=1))
        elif Product.of(item) != product or listed.get(product.sku) != Listing.of(item):
            changes.append(ProductChange(product, item.sku_index, Product.of(item), version=item.version + 1))
    return changes
