"""Tests of orders priced from pages: imports and prices apply at once, and a process reads each page once."""

from __future__ import annotations

import pytest

from contracts.assortment import ASSORTMENT_KEY, Listing, assortment_page_key, page_of
from contracts.catalog import ProductItem, product_key
from kernel.store.read import fetch
from reads.assortment import listings_of
from reads.cache import forget_all
from tests.catalog.fixtures import CatalogClient, price_row, product_row, store_dealer
from tests.support.calls import recorded
from tests.support.gateway import Response
from tests.support.interruptions import Killed, before_commit, killed_at
from tests.support.world import World

SKUS = [f"L-{number:02d}" for number in range(40)]


@pytest.fixture
def catalog(fast_world: World) -> CatalogClient:
    catalog = CatalogClient(fast_world)
    store_dealer("D0001")
    catalog.import_products(*(product_row(sku) for sku in SKUS))
    catalog.publish_price_list("A", *(price_row(sku) for sku in SKUS))
    forget_all()
    return catalog


def order(catalog: CatalogClient, *lines: tuple[str, int], key: str) -> Response:
    body = {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines]}
    buyer = catalog.world.token(role="dealer_buyer", dealer_id="D0001")
    return catalog.world.call("orders", "POST", "/orders", body=body, token=buyer, key=key)


def batched_reads_of_order(catalog: CatalogClient, key: str) -> list[frozenset[str]]:
    """Return the keys of every batched read of an order of all products."""
    with recorded() as uses:
        assert order(catalog, *((sku, 1) for sku in SKUS), key=key).status == 202
    return [use.keys for use in uses if use.action == "dynamodb:BatchGetItem"]


def delete_pages(*, except_page_of: str | None = None) -> None:
    """Delete the assortment, or all its pages except the one of a SKU."""
    kept = assortment_page_key(page_of(except_page_of)) if except_page_of else None
    keys = [ASSORTMENT_KEY, *(assortment_page_key(page_of(sku)) for sku in SKUS)]
    for key, item in fetch(keys).items():
        if key != kept and (except_page_of is None or key != ASSORTMENT_KEY):
            item.delete()


def test_assortment_pages_equal_products(catalog: CatalogClient) -> None:
    products = (ProductItem.get(*product_key(sku)) for sku in SKUS)
    assert listings_of(SKUS) == {product.sku: Listing.of(product) for product in products}
    assert listings_of(["NOPE"]) == {}


def test_process_reads_each_page_and_price_page_once(catalog: CatalogClient) -> None:
    first, second = batched_reads_of_order(catalog, "first"), batched_reads_of_order(catalog, "second")
    assert len(first) > 1
    assert second == [frozenset({"DEALER#D0001", "ORDERING#D0001", "ASSORTMENT", "PRICELIST#A"})]


def test_changed_product_applies_to_next_order_and_only_its_page_is_reread(catalog: CatalogClient) -> None:
    batched_reads_of_order(catalog, "first")
    assert catalog.import_products(product_row("L-07", order_multiple=6)).json["changed"] == 1
    refused = order(catalog, ("L-07", 5), ("L-08", 5), key="odd")
    assert (refused.status, [error["field"] for error in refused.json["errors"]]) == (422, ["lines.0.quantity"])
    with recorded() as uses:
        assert order(catalog, ("L-07", 6), ("L-08", 5), key="even").status == 202
    assert not any(key.startswith("ASSORTMENT#") for use in uses for key in use.keys)


def test_order_names_all_line_problems_and_writes_nothing(catalog: CatalogClient) -> None:
    changed = (
        product_row("L-07", order_multiple=6),
        product_row("L-08", status="discontinued", successor="L-09"),
        product_row("M-01"),
    )
    catalog.import_products(*changed)
    before = catalog.world.snapshot()
    lines = ("L-07", 5), ("L-08", 1), ("M-01", 1), ("NOPE", 1), ("L-01", 1_000_000), ("L-02", 1), ("L-01", 1)
    refused = order(catalog, *lines, key="k")
    assert refused.status == 422
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [
        ("lines.0.quantity", "not-a-multiple"),
        ("lines.1.sku", "discontinued"),
        ("lines.2.sku", "not-in-price-list"),
        ("lines.3.sku", "unknown-sku"),
        ("lines.4.quantity", "too-many"),
        ("lines.6.quantity", "too-many"),
    ]
    assert "L-09" in refused.json["errors"][1]["detail"]
    assert catalog.world.snapshot() == before


def test_new_prices_apply_to_next_order(catalog: CatalogClient) -> None:
    assert order(catalog, ("L-01", 2), key="first").json["gross_fen"] == 2500
    removed = [{"sku": sku, "unit_price": None} for sku in SKUS[5:]]
    catalog.draft_prices("A", 2, *(price_row(sku, "9.99") for sku in SKUS[:5]), *removed)
    assert catalog.publish_prices("A", 2, removals=len(removed)).status == 200
    assert order(catalog, ("L-01", 2), key="second").json["gross_fen"] == 1998
    gone = order(catalog, ("L-09", 2), key="third")
    assert [error["code"] for error in gone.json["errors"]] == ["not-in-price-list"]


def test_order_uses_new_price_list_when_dealer_changes_lists(catalog: CatalogClient) -> None:
    order(catalog, ("L-01", 2), key="first")
    catalog.publish_price_list("B", *(price_row(sku, "8") for sku in SKUS))
    store_dealer("D0001", price_list="B")
    assert order(catalog, ("L-01", 2), key="second").json["gross_fen"] == 1600


def test_catalogue_without_pages_can_be_ordered_and_gets_pages_on_import(
    catalog: CatalogClient,
) -> None:
    delete_pages()
    before = listings_of(SKUS)
    assert order(catalog, ("L-01", 2), ("L-39", 1), key="first").status == 202
    answer = catalog.import_products(*(product_row(sku) for sku in SKUS))
    assert answer.json == {"received": 40, "created": 0, "changed": 0, "unchanged": 40}
    with recorded() as uses:
        assert listings_of(SKUS) == before
    assert not any(key.startswith("PRODUCT#") for use in uses for key in use.keys)


def test_import_restores_lost_page_and_changes_nothing_else(catalog: CatalogClient) -> None:
    sku_indexes, before = catalog.sku_indexes(), listings_of(SKUS)
    delete_pages(except_page_of="L-00")
    catalog.import_products(*(product_row(sku) for sku in SKUS))
    assert (catalog.sku_indexes(), listings_of(SKUS)) == (sku_indexes, before)


def test_order_ignores_cached_page_when_stored_page_is_lost(catalog: CatalogClient) -> None:
    batched_reads_of_order(catalog, "first")
    catalog.import_products(product_row("L-07", status="discontinued"))
    fetch([assortment_page_key(page_of("L-07"))]).popitem()[1].delete()
    refused = order(catalog, ("L-07", 5), key="second")
    assert [error["code"] for error in refused.json["errors"]] == ["discontinued"]


def test_concurrent_imports_keep_all_products_on_their_pages(catalog: CatalogClient) -> None:
    def other_import() -> None:
        assert catalog.import_products(*(product_row(f"M-{number:02d}") for number in range(40))).status == 200

    with before_commit(0, other_import):
        assert catalog.import_products(*(product_row(f"N-{number:02d}") for number in range(40))).status == 200
    assert set(listings_of(catalog.sku_indexes())) == set(catalog.sku_indexes())
    with recorded() as uses:
        listings_of(catalog.sku_indexes())
    assert uses and not any(key.startswith("PRODUCT#") for use in uses for key in use.keys)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commit", range(3))
def test_interrupted_import_leaves_pages_equal_to_products(catalog: CatalogClient, commit: int, after: bool) -> None:
    rows = [
        product_row(sku, tax_percent=9, name_en=" ".join(f"{word}-{sku}" for word in "abcdef"))
        for sku in (*SKUS, "L-99")
    ]
    with pytest.raises(Killed), killed_at(commit, after=after):
        catalog.import_products(*rows, key="k")
    skus = catalog.sku_indexes()
    products = (ProductItem.get(*product_key(sku)) for sku in skus)
    assert listings_of(skus) == {product.sku: Listing.of(product) for product in products}
