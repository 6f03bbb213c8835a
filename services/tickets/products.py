"""Products that a ticket names, as catalog publishes them."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.catalog import ProductItem, product_key
from kernel.base.problems import FieldProblem
from kernel.store.read import fetch


def load_products(skus: Sequence[str]) -> dict[str, ProductItem]:
    """Load the products of these SKUs, by SKU. Unknown SKUs are left out."""
    found = fetch([product_key(sku) for sku in skus], consistent=False)
    return {item.sku: item for item in found.values() if isinstance(item, ProductItem)}


def unknown_product_problem(field: str) -> FieldProblem:
    """Return the problem that a field names an unknown SKU."""
    return FieldProblem(field=field, code="unknown-sku", detail="无此商品 / no such product; check the SKU")
