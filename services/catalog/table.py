"""How the catalogue lies in the shared table, besides what it publishes in contracts/catalog.py and assortment.py.

P1  the next free sku_index                     pk: SKUINDEX            sk: NEXT
P2  the products of a bucket                pk: SKUINDEX#<bucket>    sk: PRODUCTS
P3  where products with a token stand      pk: TERM#<token>     sk: <bucket>

SKU indexes are given in the order of import, so products that came together stand together: a page of them is read from a few
buckets, whatever the size of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.assortment import AssortmentItem, Listing, with_listings
from contracts.catalog import ProductItem, product_key
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.table import Page, Transaction, query_page
from services.catalog.domain import Postings, Product, token_bits

#: Buckets of a token read at a time: at most 8 KB, so one read unit.
POSTINGS_PER_READ = 128


class SkuIndexCounterItem(Item, discriminator="sku_index_counter"):
    """The number of the sku_index that the next new SKU gets."""

    next = IntegerAttribute()


class BucketProductsItem(Item, discriminator="bucket_products"):
    """What a search shows of the products of a bucket, together in a few KB. A copy, always written with them.

    `products`: {position as text: fields of `Product` in their order}; `version` counts and guards the writes.
    """

    products = PackedJSONAttribute()
    version = IntegerAttribute()

    @property
    def by_position(self) -> dict[int, Product]:
        """The products that stand here."""
        return {int(position): Product(*facts) for position, facts in self.products.items()}


class TermItem(Item, discriminator="term"):
    """The positions on one bucket whose products have a token: bit p of `bits` is position p."""

    bits = IntegerAttribute()


SKU_INDEX_COUNTER_KEY: Key = ("SKUINDEX", "NEXT")


def bucket_products_key(bucket: int) -> Key:
    """The products of a bucket."""
    return f"SKUINDEX#{bucket:04d}", "PRODUCTS"


def term_key(token: str, bucket: int) -> Key:
    """A token's positions on a bucket."""
    return f"TERM#{token}", f"{bucket:04d}"


def product_of(item: ProductItem) -> Product:
    """The product in a stored item."""
    return Product(
        sku=item.sku,
        name_zh=item.name_zh,
        name_en=item.name_en,
        category=item.category,
        specs=item.specs,
        carton=item.carton,
        order_multiple=item.order_multiple,
        tax_percent=item.tax_percent,
        status=item.status,
        successor=item.successor,
    )


def product_item(product: Product, sku_index: int, version: int) -> ProductItem:
    """The item that stores a product."""
    facts: dict[str, Any] = {**product._asdict(), "specs": dict(product.specs)}
    return ProductItem(*product_key(product.sku), sku_index=sku_index, version=version, **facts)


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


def postings(token: str, bucket: int) -> Postings:
    """Where products with a token stand, from a bucket on: the next `POSTINGS_PER_READ` buckets that have any."""
    page = query_page(TermItem, f"TERM#{token}", sk=TermItem.sk >= f"{bucket:04d}", limit=POSTINGS_PER_READ)
    return Postings({int(item.sk): item.bits for item in page.items}, _last(page) if page.next_key else None)


def _last(page: Page) -> int:
    return int(page.items[-1].sk)
