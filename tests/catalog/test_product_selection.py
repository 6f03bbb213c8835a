"""Filters and orders of the catalogue, and the number of products of each category."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import Price
from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from services.catalog.products.rules import counts_after
from services.catalog.search import find_products
from services.catalog.search.selection import Candidate, Selection, Sort, mirrored, mirrored_bits, sort_key
from services.catalog.vocabulary import MAX_CATEGORIES, CategoryCount
from tests.catalog.fixtures import (
    CatalogClient,
    assert_product_copies_equal,
    price_row,
    product,
    product_row,
    store_dealer,
    store_stock,
)
from tests.support.world import World, opened

#: Products of three buckets. Their SKUs, names and prices are in different orders.
SIZE = 200
CATEGORIES = ("球泡", "筒灯", "射灯", "灯带")


def row(number: int) -> dict[str, Any]:
    """Return the product with this SKU index."""
    return product_row(
        f"S{number * 37 % SIZE:03d}",
        name_zh=f"灯{number * 59 % SIZE:03d}",
        category=CATEGORIES[number % len(CATEGORIES)],
        status="discontinued" if number % 7 == 0 else "active",
    )


ROWS = [row(number) for number in range(SIZE)]
NAMES = {row["sku"]: row["name_zh"] for row in ROWS}
#: Unit prices by SKU; every ninth product has none, and several have the same.
PRICES = {row["sku"]: Decimal(number * 83 % SIZE // 3 + 1) for number, row in enumerate(ROWS) if number % 9}
PIECES = {row["sku"]: number % 5 for number, row in enumerate(ROWS)}


@pytest.fixture(scope="module")
def catalog() -> Iterator[CatalogClient]:
    with opened(fast=True) as world:
        yield filled(CatalogClient(world))


def filled(catalog: CatalogClient) -> CatalogClient:
    """Store the products with their prices and stock."""
    assert catalog.import_products(*ROWS).json["created"] == SIZE
    catalog.publish_price_list("A", *(price_row(sku, str(price)) for sku, price in PRICES.items()))
    for bucket in range(-(-SIZE // SKUS_PER_BUCKET)):
        in_bucket = ROWS[bucket * SKUS_PER_BUCKET : (bucket + 1) * SKUS_PER_BUCKET]
        store_stock("GZ", [PIECES[row["sku"]] for row in in_bucket], bucket)
    store_dealer("D0001", price_list="A", warehouse="GZ")
    return catalog


def expected(accepts: Callable[[dict[str, Any]], bool], sort: str | None = None) -> list[str]:
    """Return the SKUs that are accepted, in an order."""
    found = [row["sku"] for row in ROWS if accepts(row)]
    orders: dict[str | None, Callable[[str], Any]] = {
        "sku": lambda sku: sku,
        "name": lambda sku: (NAMES[sku], sku),
        "price": lambda sku: (sku not in PRICES, PRICES.get(sku, 0), sku),
    }
    if sort == "newest":
        return found[::-1]
    return sorted(found, key=orders[sort]) if sort else found


FILTERS: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({}, lambda row: True),
    ({"category": "筒灯"}, lambda row: row["category"] == "筒灯"),
    ({"status": "discontinued"}, lambda row: row["status"] == "discontinued"),
    ({"in_stock": "true"}, lambda row: PIECES[row["sku"]] > 0),
    ({"in_stock": "false"}, lambda row: PIECES[row["sku"]] == 0),
    ({"price_from": "20"}, lambda row: PRICES.get(row["sku"], 0) >= 20),
    ({"price_to": "20"}, lambda row: PRICES.get(row["sku"], 99) <= 20),
    (
        {"category": "射灯", "status": "active", "in_stock": "true", "price_from": "10", "price_to": "40.5"},
        lambda row: (
            row["category"] == "射灯"
            and row["status"] == "active"
            and PIECES[row["sku"]] > 0
            and 10 <= PRICES.get(row["sku"], 0) <= 40
        ),
    ),
]


@pytest.mark.parametrize("limit", [7, 50])
@pytest.mark.parametrize("sort", [None, *Sort])
@pytest.mark.parametrize(("filters", "accepts"), FILTERS, ids=[str(filters) for filters, _ in FILTERS])
def test_pages_have_every_selected_product_once_in_order(
    catalog: CatalogClient, filters: dict[str, Any], accepts: Any, sort: str | None, limit: int
) -> None:
    query = filters | ({"sort": sort} if sort else {})
    assert catalog.search_all(**query, dealer_id="D0001", limit=limit) == expected(accepts, sort)


@pytest.mark.parametrize("sort", [None, "newest"])
def test_filtered_pages_end_after_their_buckets(catalog: CatalogClient, sort: str | None) -> None:
    query = {"price_to": "20", "dealer_id": "D0001"} | ({"sort": sort} if sort else {})
    with patch.object(find_products, "BUCKETS_PER_PAGE", 1):
        found = catalog.search_all(**query)
    assert found == expected(lambda row: PRICES.get(row["sku"], 99) <= 20, sort)


@pytest.mark.parametrize("sort", ["sku", "name", "price"])
def test_too_many_products_are_not_sorted(catalog: CatalogClient, sort: str) -> None:
    with patch.object(find_products, "BUCKETS_SORTED", 2):
        refused = catalog.search(sort=sort, dealer_id="D0001")
        assert refused.status == 422
        assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [("sort", "too-many-to-sort")]
        assert catalog.search(sort="newest", dealer_id="D0001").status == 200


def test_price_and_stock_are_selected_for_a_dealer_only(catalog: CatalogClient) -> None:
    refused = catalog.search(in_stock="true", price_from="1", price_to="2", sort="price")
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [
        (field, "needs-dealer") for field in ("in_stock", "price_from", "price_to", "sort")
    ]
    assert len(catalog.search(sort="name", limit=5).json["products"]) == 5
    buyer = catalog.world.token(role="dealer_buyer", dealer_id="D0001")
    assert catalog.search(buyer, in_stock="true", sort="price").status == 200


def test_limits_that_contradict_each_other_are_refused(catalog: CatalogClient) -> None:
    refused = catalog.search(price_from="5", price_to="4.99", dealer_id="D0001")
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [("price_to", "below-price-from")]


def test_cursor_belongs_to_its_filters_and_order(catalog: CatalogClient) -> None:
    cursor = catalog.search(sort="sku", limit=3).json["next_cursor"]
    for other in ({}, {"sort": "name"}, {"sort": "sku", "status": "active"}, {"sort": "newest"}):
        assert catalog.search(cursor=cursor, **other).json["code"] == "bad-cursor"


# ---- rules ----

positions = st.builds(BucketPosition, st.integers(0, 9_999), st.integers(0, SKUS_PER_BUCKET - 1))


@given(positions, positions)
def test_mirrored_positions_are_in_reverse_order(one: BucketPosition, other: BucketPosition) -> None:
    assert mirrored(mirrored(one)) == one
    assert (one < other) == (mirrored(other) < mirrored(one))
    [(bucket, bits)] = mirrored_bits({one.bucket: 1 << one.position}).items()
    assert (bucket, bits) == (mirrored(one).bucket, 1 << mirrored(one).position)


prices = st.decimals("0.000001", "99999", places=6).map(lambda price: Price(price, "标准价"))
candidates = st.builds(
    Candidate,
    positions,
    st.sampled_from("abc").map(lambda sku: product(sku)),
    st.none() | prices,
    st.none() | st.integers(0, 3),
)


@given(candidates, candidates)
def test_cheaper_product_comes_first_and_unpriced_last(one: Candidate, other: Candidate) -> None:
    if one.price and other.price and one.price.unit_price != other.price.unit_price:
        cheaper = one.price.unit_price < other.price.unit_price
        assert (sort_key(Sort.PRICE, one) < sort_key(Sort.PRICE, other)) == cheaper
    if one.price and not other.price:
        assert sort_key(Sort.PRICE, one) < sort_key(Sort.PRICE, other)


@given(candidates, st.none() | st.booleans(), st.none() | st.decimals(0, 99), st.none() | st.decimals(0, 99))
def test_filter_leaves_out_products_and_adds_none(
    candidate: Candidate, in_stock: bool | None, price_from: Decimal | None, price_to: Decimal | None
) -> None:
    assert Selection(None, None, None).accepts(candidate)
    if Selection(in_stock, price_from, price_to).accepts(candidate):
        assert Selection(in_stock, None, None).accepts(candidate)
        assert Selection(None, price_from, None).accepts(candidate)
        assert Selection(None, None, price_to).accepts(candidate)


# ---- categories ----


def shown_categories(catalog: CatalogClient) -> dict[str, tuple[int, int]]:
    listed = catalog.get("/categories").json["categories"]
    return {one["category"]: (one["products"], one["active"]) for one in listed}


def test_categories_count_products_and_active_ones(fast_world: World) -> None:
    catalog = CatalogClient(fast_world)
    assert shown_categories(catalog) == {}
    catalog.import_products(product_row("P-1"), product_row("P-2"), product_row("P-3", category="球泡"))
    assert shown_categories(catalog) == {"筒灯": (2, 2), "球泡": (1, 1)}
    catalog.import_products({"sku": "P-1", "status": "discontinued"}, {"sku": "P-3", "category": "筒灯"})
    assert shown_categories(catalog) == {"筒灯": (3, 2)}
    catalog.import_products({"sku": "P-1", "status": "discontinued"}, {"sku": "p-2", "name_zh": "新名"})
    assert shown_categories(catalog) == {"筒灯": (3, 2)}
    catalog.import_products(product_row("P-4", category="LED灯"), product_row("P-5", category="ＬＥＤ灯"))
    assert shown_categories(catalog)["ＬＥＤ灯"] == (2, 2), "written another way, it is the same category"
    assert_product_copies_equal(fast_world)


def test_too_many_categories_are_refused_by_row(fast_world: World) -> None:
    catalog = CatalogClient(fast_world)
    for first in range(0, MAX_CATEGORIES, 250):
        rows = [product_row(f"P-{number}", category=f"C{number}") for number in range(first, first + 250)]
        assert catalog.import_products(*rows).status == 200
    before = catalog.stored_catalogue()
    refused = catalog.import_products(product_row("N-1", category="C1"), product_row("N-2", category="新"))
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [
        ("products.1.category", "too-many-categories")
    ]
    assert catalog.stored_catalogue() == before
    moved = {"sku": "P-1", "category": "新"}
    assert catalog.import_products(moved).status == 200, "its old category is gone"


changes = st.lists(
    st.tuples(
        st.sampled_from("abcde"), st.sampled_from(("球泡", "LED", "led")), st.sampled_from(("active", "discontinued"))
    )
)


@given(changes)
def test_counts_follow_any_changes(wanted: list[tuple[str, str, str]]) -> None:
    counts: dict[str, CategoryCount] = {}
    stored: dict[str, Any] = {}
    for sku, category, status in wanted:
        after = product(sku, category=category, status=status)
        counts = counts_after(counts, [(stored.get(sku), after)])
        stored[sku] = after
    for folded in ("球泡", "led"):
        alike = [one for one in stored.values() if one.category.lower() == folded]
        count = counts.get(folded, CategoryCount("", 0, 0))
        assert (count.products, count.active) == (len(alike), sum(one.status == "active" for one in alike))
