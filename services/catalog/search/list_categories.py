"""List the categories of the catalogue."""

from __future__ import annotations

from kernel.store.read import fetch_one
from services.catalog.search.api import Categories, CategoryView
from services.catalog.search.items import CATEGORIES_KEY, CategoriesItem


def list_categories() -> Categories:
    """Return all categories by name, with the numbers of their products; one item is read."""
    item = fetch_one(CategoriesItem, CATEGORIES_KEY, consistent=False)
    counts = sorted(item.by_folded_name.values()) if item else []
    return Categories(
        categories=[CategoryView(category=count.name, products=count.products, active=count.active) for count in counts]
    )
