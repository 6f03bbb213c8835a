"""Stored search index: products of a bucket, and positions by token."""

from __future__ import annotations

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import Page, query_page
from services.catalog.search.rules import Postings
from services.catalog.vocabulary import Product

#: Buckets of a token read at a time: at most 8 KB, so one read unit.
POSTINGS_PER_READ = 128


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


def bucket_products_key(bucket: int) -> Key:
    """The products of a bucket."""
    return f"SKUINDEX#{bucket:04d}", "PRODUCTS"


def term_key(token: str, bucket: int) -> Key:
    """A token's positions on a bucket."""
    return f"TERM#{token}", f"{bucket:04d}"


def postings(token: str, bucket: int) -> Postings:
    """Where products with a token stand, from a bucket on: the next `POSTINGS_PER_READ` buckets that have any."""
    page = query_page(TermItem, f"TERM#{token}", sk=TermItem.sk >= f"{bucket:04d}", limit=POSTINGS_PER_READ)
    return Postings({int(item.sk): item.bits for item in page.items}, _last(page) if page.next_key else None)


def _last(page: Page) -> int:
    return int(page.items[-1].sk)
