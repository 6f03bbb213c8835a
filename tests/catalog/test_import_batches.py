from __future__ import annotations

from services.catalog.products.import_products import Change
from services.catalog.search.rules import tokens
from services.catalog.vocabulary import Product


def test_a_word_that_is_also_the_name_of_an_item_of_ours_is_counted_beside_it() -> None:
    """Else a transaction would hold one action more than it may."""
    product = Product(
        sku="WALL-1", name_zh="壁架", name_en="Bucket product sku_indexes term", category="x", specs={}, carton=1,
        order_multiple=1, tax_percent=13, status="active", successor=None,
    )  # fmt: skip
    assert {"bucket", "product", "sku_indexes", "term"} <= tokens(product)
    assert len(Change(product, 7, None, version=1).items()) == len(
        {"product", "bucket", "sku_indexes", "page", "assortment"}
    ) + len(tokens(product))
