"""How the catalogue lies in the shared table, besides what it publishes in contracts/catalog.py and assortment.py.

P1  the next free slot                     pk: SLOTS            sk: NEXT
P2  the products of a shelf                pk: SLOTS#<shelf>    sk: PRODUCTS
P3  where products with a token stand      pk: TERM#<token>     sk: <shelf>

Slots are given in the order of import, so products that came together stand together: a page of them is read from a few
shelves, whatever the size of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.assortment import AssortmentItem, Listing, with_listings
from contracts.catalog import ProductItem, product_key
from kernel.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.table import Page, Transaction, query_page
from services.catalog.domain import Postings, Product, token_bits

#: Shelves of a token read at a time: at most 8 KB, so one read unit.
POSTINGS_PER_READ = 128


class SlotsItem(Item, discriminator="slots"):
    """The number of the slot that the next new SKU gets."""

    next = IntegerAttribute()


class ShelfProductsItem(Item, discriminator="shelf_products"):
    """What a search shows of the products of a shelf, together in a few KB. A copy, always written with them.

    `products`: {position as text: fields of `Product` in their order}; `version` counts and guards the writes.
    """

    products = PackedJSONAttribute()
    version = IntegerAttribute()

    @property
    def by_position(self) -> dict[int, Product]:
        """The products that stand here."""
        return {int(position): Product(*facts) for position, facts in self.products.items()}


class TermItem(Item, discriminator="term"):
    """The positions on one shelf whose products have a token: bit p of `bits` is position p."""

    bits = IntegerAttribute()


SLOTS_KEY: Key = ("SLOTS", "NEXT")


def shelf_products_key(shelf: int) -> Key:
    """The products of a shelf."""
    return f"SLOTS#{shelf:04d}", "PRODUCTS"


def term_key(token: str, shelf: int) -> Key:
    """A token's positions on a shelf."""
    return f"TERM#{token}", f"{shelf:04d}"


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


def product_item(product: Product, slot_number: int, version: int) -> ProductItem:
    """The item that stores a product."""
    facts: dict[str, Any] = {**product._asdict(), "specs": dict(product.specs)}
    return ProductItem(*product_key(product.sku), slot_number=slot_number, version=version, **facts)


def change_shelf(
    transaction: Transaction,
    shelf: int,
    stored: ShelfProductsItem | None,
    placed: Mapping[int, Product],
    changed_tokens: Iterable[str],
) -> ShelfProductsItem:
    """Let the transaction show products at their positions of a shelf and be found there, if nobody changed the shelf
    since it was read. Tokens follow from the shelf's products alone, so they need not be read.

    Returns:
        The shelf as it stands after the commit.
    """
    products = {**(stored.by_position if stored else {}), **placed}
    item = ShelfProductsItem(*shelf_products_key(shelf), version=stored.version + 1 if stored else 1)
    item.products = {str(position): tuple(product) for position, product in products.items()}
    unchanged = ShelfProductsItem.version == stored.version if stored else ShelfProductsItem.pk.does_not_exist()
    transaction.put(item, f"shelf {shelf}", unchanged)
    for token, bits in token_bits(products, changed_tokens).items():
        key = term_key(token, shelf)
        if bits:
            transaction.put(TermItem(*key, bits=bits), f"{token} on shelf {shelf}")
        else:
            transaction.delete(TermItem, key, None, f"{token} on shelf {shelf}")
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


def postings(token: str, shelf: int) -> Postings:
    """Where products with a token stand, from a shelf on: the next `POSTINGS_PER_READ` shelves that have any."""
    page = query_page(TermItem, f"TERM#{token}", sk=TermItem.sk >= f"{shelf:04d}", limit=POSTINGS_PER_READ)
    return Postings({int(item.sk): item.bits for item in page.items}, _last(page) if page.next_key else None)


def _last(page: Page) -> int:
    return int(page.items[-1].sk)
