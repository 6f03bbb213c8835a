"""Import products. A repeated or interrupted import ends in the same catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from contracts.assortment import AssortmentPageItem, Listing
from contracts.catalog import ProductItem
from kernel.base.codes import fold
from kernel.base.problems import Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.store.items import Item, Key
from kernel.store.transaction import MAX_ACTIONS, Transaction
from kernel.store.write import batches, retry_on_conflict
from services.catalog.products.api import ImportProducts, ImportProductsResult, ProductRow
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from services.catalog.products.rules import category_problems, successor_problems
from services.catalog.products.write_products import (
    ProductChange,
    load_products_with_pages,
    load_search_buckets,
    stored_counts,
    write_products,
)
from services.catalog.vocabulary import Product

#: Another import may change the same items meanwhile; each attempt reads them anew.
_ATTEMPTS = 5


def import_products(request: ImportProducts, key: IdempotencyKey) -> ImportProductsResult:
    """Create products and change the fields that the rows of a file name. Unchanged rows write nothing.

    Each transaction leaves all copies of a product equal.

    Raises:
        Invalid: rows are wrong; names them all, and nothing is written.
        Busy: other imports kept changing the same buckets.
    """
    key.reject_if_used()
    rows = request.products
    written: list[ProductChange] = []
    retry_on_conflict(_ATTEMPTS, partial(_import, rows, written))
    created = sum(change.before is None for change in written)
    changed = sum(change.before not in (None, change.product) for change in written)
    unchanged = len(rows) - created - changed
    result = ImportProductsResult(received=len(rows), created=created, changed=changed, unchanged=unchanged)
    transaction = Transaction()
    key.record_response(transaction, result)
    transaction.commit()
    return result


def check_product_file(body: ImportProducts) -> None:
    """Refuse new products that lack fields, and wrong successors; write nothing.

    Raises:
        Invalid: names all rows.
    """
    _changes(body.products, _found(body.products))


def _import(rows: Sequence[ProductRow], written: list[ProductChange]) -> None:
    """Write the products that differ from the stored ones, batch by batch; append to `written` after each commit."""
    found = _found(rows)
    changes = _changes(rows, found)
    found |= load_search_buckets(changes)
    for batch in batches(changes, ProductChange.written_items, MAX_ACTIONS):
        transaction = Transaction()
        after_commit = write_products(transaction, batch, found)
        transaction.commit()
        found |= after_commit
        written += batch


def _found(rows: Sequence[ProductRow]) -> dict[Key, Item]:
    """Return the stored products of the rows with their pages, and the successors that the rows name."""
    successors = {successor for row in rows if (successor := row.changes.get("successor"))}
    return load_products_with_pages([fold(row.sku) for row in rows], successors)


def _changes(rows: Sequence[ProductRow], found: Mapping[Key, Item]) -> list[ProductChange]:
    """Return the changes to write; new products get the next free SKU indexes.

    An unchanged product is written again if the assortment lacks it: it was imported before there were pages.

    Raises:
        Invalid: new products lack required fields, there are too many categories, or successors are wrong.
    """
    stored = {item.sku: item for item in found.values() if isinstance(item, ProductItem)}
    products = [_product_after(row, stored.get(fold(row.sku))) for row in rows]
    problems = [
        problem
        for index, row in enumerate(rows)
        for problem in row.missing_fields(f"products.{index}", stored.get(fold(row.sku)))
    ]
    # A stored successor was checked when it was stored, and products are never deleted.
    if not problems:  # each product has a category then
        former = [Product.of(stored[product.sku]) if product.sku in stored else None for product in products]
        problems += category_problems(stored_counts(found), list(zip(former, products, strict=True)))
    problems += successor_problems(products, {*stored, *(item.successor for item in stored.values() if item.successor)})
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


def _product_after(row: ProductRow, item: ProductItem | None) -> Product:
    fields = row.applied_to(Product.of(item)._asdict() if item else None)
    sku = fold(row.sku)
    printed = fields["printed_sku"] or (row.sku if item is None else sku)
    return Product(**fields | {"sku": sku, "printed_sku": printed if printed != sku else None})
