"""Tests that the three copies of a product stay equal in every way to change it."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.catalog import ProductItem, product_key
from contracts.stock import SKUS_PER_BUCKET
from services.catalog.search.items import TermItem
from tests.catalog.fixtures import CatalogClient, assert_product_copies_equal, product_row
from tests.support import fixtures as shop
from tests.support.interruptions import Killed, before_commit, killed_at
from tests.support.world import World

#: Each product has so many different words that an import needs several transactions.
FILE = [
    product_row(f"DL-{number:03d}", name_en=" ".join(f"{word}{number}" for word in "abcdefgh")) for number in range(30)
]
RENAMED = [{**row, "name_zh": "射灯", "name_en": "Spot light", "category": "射灯"} for row in FILE]
DISCONTINUED = [{**row, "status": "discontinued"} for row in FILE]
REPLACED = [*({**row, "status": "discontinued", "successor": "DL-029"} for row in FILE[:29]), FILE[29]]
REPACKED = [{**row, "carton": 12, "order_multiple": 6, "tax_percent": 9, "specs": {"色温": "3000K"}} for row in FILE]
#: Names every field that one of the files above changes: a row leaves unchanged what it does not name.
_AS_NEW = {"specs": None, "order_multiple": None, "tax_percent": 13, "status": "active", "successor": None}
RESTORED = [{**_AS_NEW, **row} for row in FILE]
NEW = [product_row(f"NEW-{number}") for number in range(SKUS_PER_BUCKET)]


@pytest.fixture
def catalog(fast_world: World) -> CatalogClient:
    catalog = CatalogClient(fast_world)
    assert catalog.import_products(*FILE).json["created"] == len(FILE)
    return catalog


def test_new_products_have_equal_copies(catalog: CatalogClient) -> None:
    assert_product_copies_equal(catalog.world)
    assert catalog.import_products(*NEW).json["created"] == len(NEW)
    assert_product_copies_equal(catalog.world)


@pytest.mark.parametrize("rows", [RENAMED, DISCONTINUED, REPLACED, REPACKED])
def test_changed_products_have_equal_copies(catalog: CatalogClient, rows: list[dict[str, Any]]) -> None:
    changed = sum(row != before for row, before in zip(rows, FILE, strict=True))
    assert catalog.import_products(*rows).json["changed"] == changed > 0
    assert_product_copies_equal(catalog.world)
    assert catalog.import_products(*rows).json["unchanged"] == len(rows)
    assert_product_copies_equal(catalog.world)
    assert catalog.import_products(*RESTORED).json["changed"] == changed
    assert_product_copies_equal(catalog.world)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commit", range(3))
def test_interrupted_import_leaves_copies_equal(catalog: CatalogClient, commit: int, after: bool) -> None:
    rows = [*RENAMED[:10], *NEW, *REPLACED[10:]]
    with pytest.raises(Killed), killed_at(commit, after=after):
        catalog.import_products(*rows, key="k")
    assert_product_copies_equal(catalog.world)
    assert catalog.import_products(*rows, key="k").status == 200
    assert_product_copies_equal(catalog.world)


@pytest.mark.parametrize("commit", range(3))
def test_concurrent_imports_leave_copies_equal(catalog: CatalogClient, commit: int) -> None:
    with before_commit(commit, lambda: catalog.import_products(*RENAMED[5:15], *NEW[:5])):
        assert catalog.import_products(*REPLACED, *NEW[3:]).status == 200
    assert_product_copies_equal(catalog.world)


def test_shop_of_tests_has_equal_copies(fast_world: World) -> None:
    shop.open_shop(products=[0, 1, 2, SKUS_PER_BUCKET, 500])
    assert_product_copies_equal(fast_world)
    shop.change_product(1, name_zh="射灯", status="discontinued", successor=shop.sku(500))
    assert_product_copies_equal(fast_world)
    assert CatalogClient(fast_world).import_products(*NEW[:3]).json["created"] == 3
    assert_product_copies_equal(fast_world)


@pytest.mark.parametrize("field", ["name_zh", "status", "carton"])
def test_comparison_notices_product_written_without_its_copies(catalog: CatalogClient, field: str) -> None:
    product = ProductItem.get(*product_key("DL-001"))
    setattr(product, field, 7 if field == "carton" else "x")
    product.save()
    with pytest.raises(AssertionError):
        assert_product_copies_equal(catalog.world)


def test_comparison_notices_missing_term(catalog: CatalogClient) -> None:
    TermItem.get("TERM#dl-001", "0000").delete()
    with pytest.raises(AssertionError):
        assert_product_copies_equal(catalog.world)
