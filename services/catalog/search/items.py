"""Stored search index: the products of each bucket, and the positions of each token."""

from __future__ import annotations

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import query_page
from services.catalog.search.rules import Postings
from services.catalog.search.selection import mirrored_bits, mirrored_bucket
from services.catalog.vocabulary import CategoryCount, Product

#: Buckets of a token read at a time: at most 8 KB, so one read unit.
POSTINGS_PER_READ = 128


# P2  products of one bucket   pk: SKUINDEX#<bucket>   sk: PRODUCTS
class BucketProductsItem(Item, discriminator="bucket_products"):
    """Products of one bucket as a search shows them: a copy of their `ProductItem`s in a few KB.

    `products`: {position as text: fields of `Product` in their order}; `version` counts and guards the writes.
    """

    products = PackedJSONAttribute()
    version = IntegerAttribute()

    @property
    def by_position(self) -> dict[int, Product]:
        """Return the products by their position."""
        return {int(position): Product(*fields) for position, fields in self.products.items()}


# P3  positions of the products with a token   pk: TERM#<token>   sk: <bucket>
class TermItem(Item, discriminator="term"):
    """Positions in one bucket whose products have a token: bit p of `bits` is position p."""

    bits = IntegerAttribute()


# P4  products of each category   pk: SKUINDEX   sk: CATEGORIES
class CategoriesItem(Item, discriminator="categories"):
    """Number of products of each category, written in the transactions of their products.

    `counts`: {folded name: fields of `CategoryCount`}, at most `MAX_CATEGORIES`, a few KB.
    """

    counts = PackedJSONAttribute()

    @property
    def by_folded_name(self) -> dict[str, CategoryCount]:
        """Return the counts by the folded name of the category."""
        return {name: CategoryCount(*fields) for name, fields in self.counts.items()}


CATEGORIES_KEY: Key = ("SKUINDEX", "CATEGORIES")


def bucket_products_key(bucket: int) -> Key:
    """Return the key of the products of a bucket."""
    return f"SKUINDEX#{bucket:04d}", "PRODUCTS"


def term_key(token: str, bucket: int) -> Key:
    """Return the key of a token's positions in a bucket."""
    return f"TERM#{token}", f"{bucket:04d}"


def load_postings(token: str, first_bucket: int, *, newest_first: bool = False) -> Postings:
    """Load the positions of a token in the next `POSTINGS_PER_READ` buckets that have any, from `first_bucket` on.

    Args:
        newest_first: count buckets and positions from the end of the catalogue, see `mirrored`.
    """
    if newest_first:
        last = f"{mirrored_bucket(first_bucket):04d}"
        page = query_page(TermItem, f"TERM#{token}", sk=TermItem.sk <= last, limit=POSTINGS_PER_READ, newest_first=True)
        until = mirrored_bucket(int(page.items[-1].sk)) if page.next_key else None
        return Postings(mirrored_bits({int(item.sk): item.bits for item in page.items}), until)
    page = query_page(TermItem, f"TERM#{token}", sk=TermItem.sk >= f"{first_bucket:04d}", limit=POSTINGS_PER_READ)
    until = int(page.items[-1].sk) if page.next_key else None
    return Postings({int(item.sk): item.bits for item in page.items}, until)
