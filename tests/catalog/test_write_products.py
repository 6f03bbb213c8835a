"""Tests of the writer of products."""

from __future__ import annotations

from services.catalog.products.write_products import ProductChange
from services.catalog.search.rules import product_tokens
from services.catalog.vocabulary import Product


def test_written_items_count_token_that_equals_an_item_name() -> None:
    """A missing name would let a transaction exceed 100 actions."""
    product = Product(
        sku="WALL-1", name_zh="壁架", name_en="Bucket product sku_indexes term", category="x", specs={}, carton=1,
        order_multiple=1, tax_percent=13, status="active", successor=None,
    )  # fmt: skip
    assert {"bucket", "product", "sku_indexes", "term"} <= product_tokens(product)
    assert len(ProductChange(product, 7, None, version=1).written_items()) == len(
        {"product", "bucket", "sku_indexes", "page", "assortment", "categories"}
    ) + len(product_tokens(product))
