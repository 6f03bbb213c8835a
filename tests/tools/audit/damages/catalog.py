"""Damages of products and of their copies for search and for orders."""

from __future__ import annotations

from typing import Any

from contracts.assortment import ASSORTMENT_KEY, AssortmentPageItem, Listing, assortment_page_key, page_of
from contracts.stock import SKUS_PER_BUCKET
from services.catalog.search.items import CATEGORIES_KEY, bucket_products_key, term_key
from tests.tools.audit.table import Damage, Damages, TableCopy

SKU, SKU_INDEX = "L4", 3


def listing(sku: str = SKU, **changed: Any) -> Damage:
    """Change fields of a listing, with the digest of its page."""

    def damage(table: TableCopy) -> None:
        listings = _listings(table)
        _write_listings(table, listings | {sku: listings[SKU]._replace(**changed)})

    return damage


def remove_listing(table: TableCopy) -> None:
    """Remove a listing from its page."""
    _write_listings(table, {sku: found for sku, found in _listings(table).items() if sku != SKU})


def search_entry(**changed: Any) -> Damage:
    """Change fields of a search entry."""
    return lambda table: _write_search_entry(table, SKU_INDEX, changed)


def copy_search_entry(table: TableCopy) -> None:
    """Add the search entry of an unknown product at the next position."""
    _write_search_entry(table, SKU_INDEX + 2, {"sku": "L9"})


def remove_search_entry(table: TableCopy) -> None:
    """Remove a search entry from its bucket."""
    key = bucket_products_key(0)
    products = table.item(key).products
    table.update(key, products={at: fields for at, fields in products.items() if int(at) != SKU_INDEX})


def product(**changed: Any) -> Damage:
    """Change fields of a product without its copies."""
    return lambda table: table.update((f"PRODUCT#{SKU}", "PRODUCT"), **changed)


def flip_term(position: int) -> Damage:
    """Add or remove a position of the term that finds the category."""
    key = term_key("category=灯带", position // SKUS_PER_BUCKET)
    return lambda table: table.update(key, bits=table.item(key).bits ^ 1 << position)


def _clone_product(table: TableCopy) -> None:
    clone = table.item((f"PRODUCT#{SKU}", "PRODUCT"))
    clone.pk, clone.sku = "PRODUCT#L9", "L9"
    table.put(clone)


def _outdate_digest(table: TableCopy) -> None:
    digests = table.item(ASSORTMENT_KEY).digests
    table.update(ASSORTMENT_KEY, digests=digests | {str(page_of(SKU)): "old"})


def _miscount_category(table: TableCopy) -> None:
    counts = table.item(CATEGORIES_KEY).counts
    folded, (name, products, active) = next(iter(counts.items()))
    table.update(CATEGORIES_KEY, counts=counts | {folded: [name, products + 1, active]})


def _listings(table: TableCopy) -> dict[str, Listing]:
    listings: dict[str, Listing] = table.item(assortment_page_key(page_of(SKU))).listings
    return listings


def _write_listings(table: TableCopy, listings: dict[str, Listing]) -> None:
    page = AssortmentPageItem.of(page_of(SKU), listings)
    table.put(page)
    digests = table.item(ASSORTMENT_KEY).digests
    table.update(ASSORTMENT_KEY, digests=digests | {str(page.page): page.digest})


def _write_search_entry(table: TableCopy, position: int, changed: dict[str, Any]) -> None:
    item = table.item(bucket_products_key(0))
    entry = item.by_position[SKU_INDEX]._replace(**changed)
    table.update(bucket_products_key(0), products=item.products | {str(position): tuple(entry)})


DAMAGES: Damages = {
    "a listing has another status": (listing(status="discontinued"), {"product-copy"}),
    "a listing is missing": (remove_listing, {"product-copy"}),
    "a search entry has another carton": (search_entry(carton=99), {"product-copy"}),
    "a search entry is missing": (remove_search_entry, {"product-copy"}),
    "a search entry belongs to no product": (copy_search_entry, {"product-copy"}),
    "a product is discontinued without its copies": (
        product(status="discontinued"),
        {"product-copy", "search-term", "category-count"},
    ),
    "a term does not find a product": (flip_term(SKU_INDEX), {"search-term"}),
    "a term finds an empty position": (flip_term(70), {"search-term"}),
    "two products have one SKU index": (
        _clone_product,
        {"sku-index-shared", "product-copy", "search-term", "category-count"},
    ),
    "a category has another number of products": (_miscount_category, {"category-count"}),
    "the digest of a page is old": (_outdate_digest, {"assortment-digest"}),
}
