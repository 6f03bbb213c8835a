"""Tests of the read units of a search, with 2,000 and with 20,000 realistic products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.catalog import PriceListItem, PricePageItem, price_list_key, price_page_key
from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from services.catalog.products.write_products import ProductChange, write_products
from services.catalog.search.rules import EVERY_PRODUCT, category_token, search_tokens, status_token
from services.catalog.vocabulary import Product
from tests.catalog.fixtures import CatalogClient, store_dealer
from tests.support.fixtures import ItemCollector
from tests.support.read_units import item_bytes, metered, read_units
from tests.support.world import opened
from tools.demo.prices import PRICE_LISTS
from tools.demo.products import lighting_range

MAX_UNITS = 30

#: No words, a category, frequent and rare words, and the beginning of a SKU.
SEARCHES: list[dict[str, Any]] = [
    {},
    {"category": "LED 筒灯"},
    {"category": "轨道射灯", "text": "白"},
    {"text": "灯"},
    {"text": "LED 3000K"},
    {"text": "18W"},
    {"text": "暖白 7W"},
    {"text": "SD3-10"},
    {"text": "LED 3000K 7W 暖白 筒灯"},
    {"status": "active"},
    {"sort": "newest"},
    {"category": "LED 筒灯", "sort": "newest", "in_stock": "true"},
    {"in_stock": "true", "price_from": "20", "price_to": "60"},
]
#: A sorted page reads all its matches.
MAX_SORTED_UNITS = 100
SORTED: list[dict[str, Any]] = [
    {"sort": "sku"},
    {"sort": "price", "category": "LED 筒灯"},
    {"sort": "name", "text": "18W", "status": "active"},
    {"sort": "price", "category": "LED 筒灯", "in_stock": "true", "price_to": "60"},
]
#: Tokens that a search looks up, with one query each.
LOOKED_UP = {
    str(search): max(1, len(search_tokens(search.get("text", ""))) + ("category" in search) + ("status" in search))
    for search in SEARCHES
}


def fill(size: int) -> None:
    """Store a catalogue with stock and prices, and of its search index only the tokens of the searches above."""
    tokens = {EVERY_PRODUCT, status_token("active")}
    for search in (*SEARCHES, *SORTED):
        tokens |= {*search_tokens(search.get("text", ""))}
        tokens |= {category_token(search["category"])} if "category" in search else set()
    products = [
        (f"{product.sku}{copy or ''}", product) for copy in range(-(-size // 2000)) for product in lighting_range()
    ]
    collector = ItemCollector(terms={f"TERM#{token}" for token in tokens})
    changes: list[ProductChange] = []
    for bucket in range(-(-size // SKUS_PER_BUCKET)):
        first = bucket * SKUS_PER_BUCKET
        in_bucket = list(enumerate(products[first : first + SKUS_PER_BUCKET], first))
        changes += [
            ProductChange(
                Product(
                    sku=sku,
                    name_zh=product.name_zh,
                    name_en=product.name_en,
                    category=product.category,
                    specs=product.specs,
                    carton=product.carton,
                    order_multiple=product.order_multiple,
                    tax_percent=13,
                    status="run_out" if product.run_out else "active",
                    successor=product.successor,
                ),
                sku_index,
                None,
                version=1,
            )
            for sku_index, (sku, product) in in_bucket
        ]
        prices = {}
        for sku_index, (_, product) in in_bucket:
            price = PRICE_LISTS[0].price(product)
            breaks = [[quantity, str(unit_price)] for quantity, unit_price in price.breaks]
            prices[str(sku_index - first)] = {
                "unit_price": str(price.unit_price),
                "price_policy": price.price_policy,
                "breaks": breaks,
            }
        pieces = [(bucket * 7 + position * 37) % 2_000 for position in range(SKUS_PER_BUCKET)]
        collector.put(PricePageItem(*price_page_key("A", 1, bucket), prices=prices))
        collector.put(StockBucketItem(*stock_bucket_key("GZ", bucket), available=pieces))
    # All at once, so that each page of the assortment is written once.
    write_products(collector.as_transaction, changes, collector.items)
    pages = [1] * (-(-size // SKUS_PER_BUCKET))
    collector.put(
        PriceListItem(
            *price_list_key("A"),
            price_list_id="A",
            name="一级经销价",
            version=1,
            valid_from="2026-01-01",
            page_versions=pages,
        )
    )
    collector.save_all()
    store_dealer("D0001", price_list="A", warehouse="GZ")


@pytest.fixture(scope="module", params=[2_000, 20_000])
def catalog(request: pytest.FixtureRequest) -> Iterator[CatalogClient]:
    with opened(fast=True) as world:
        fill(request.param)
        yield CatalogClient(world)


@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_search_page_costs_few_reads_in_any_catalogue(catalog: CatalogClient, search: dict[str, Any]) -> None:
    buyer = catalog.world.token(role="dealer_buyer", dealer_id="D0001")
    catalog.search(buyer, limit=1)  # the first request of a process also reads the sealing key
    cursor, most, found = None, 0.0, 0
    for _ in range(5):
        with metered() as meter:
            answer = catalog.search(buyer, **search, cursor=cursor)
        assert answer.status == 200
        assert meter.units <= MAX_UNITS, meter.reads
        # The dealer, each token at most twice, list and stock, products and prices.
        assert meter.calls <= 3 + 2 * min(4, LOOKED_UP[str(search)]), meter.reads
        products = answer.json["products"]
        assert all(product["price"] and product["availability"] for product in products)
        most, found, cursor = max(most, meter.units), found + len(products), answer.json["next_cursor"]
        if cursor is None:
            break
    assert found
    print(f"{search}: {found} found, at most {most} units a page")


@pytest.mark.parametrize("search", SORTED, ids=str)
def test_sorted_page_costs_bounded_reads_or_is_refused(catalog: CatalogClient, search: dict[str, Any]) -> None:
    buyer = catalog.world.token(role="dealer_buyer", dealer_id="D0001")
    catalog.search(buyer, limit=1)
    cursor, most = None, 0.0
    for _ in range(3):
        with metered() as meter:
            answer = catalog.search(buyer, **search, cursor=cursor)
        assert meter.units <= MAX_SORTED_UNITS, meter.reads
        most, cursor = max(most, meter.units), answer.json.get("next_cursor")
        if answer.status == 422:
            assert [error["code"] for error in answer.json["errors"]] == ["too-many-to-sort"]
            assert len(catalog.sku_indexes()) > 2_560, "a catalogue of 32 buckets is always sorted"
        if cursor is None:
            break
    print(f"{search}: {answer.status}, at most {most} units a page")


def test_categories_cost_one_read(catalog: CatalogClient) -> None:
    with metered() as meter:
        assert catalog.get("/categories").json["categories"]
    assert [operation for operation, _ in meter.reads] == ["GetItem"]
    assert meter.units <= 1, meter.reads


def test_full_category_page_takes_four_calls(catalog: CatalogClient) -> None:
    buyer = catalog.world.token(role="dealer_buyer", dealer_id="D0001")
    catalog.search(buyer, limit=1)
    with metered() as meter:
        answer = catalog.search(buyer, category="LED 筒灯")
    assert len(answer.json["products"]) == 50
    assert [operation for operation, _ in meter.reads] == ["GetItem", "Query", "BatchGetItem", "BatchGetItem"]
    assert meter.units <= MAX_UNITS / 3, meter.reads


def test_read_meter_follows_published_rules() -> None:
    assert item_bytes({"pk": {"S": "灯"}, "n": {"N": "-1234.5"}, "b": {"BOOL": True}}) == 2 + 3 + 1 + 4 + 1 + 1
    assert item_bytes({"l": {"L": [{"N": "1"}, {"S": "ab"}]}}) == 1 + 3 + (1 + 2) + (1 + 2)
    assert read_units([1_000] * 50, together=True, consistent=True) == 13
    assert read_units([1_000] * 50, together=False, consistent=True) == 50
    assert read_units([5_000, 0], together=False, consistent=False) == 1.5
    assert read_units([], together=True, consistent=False) == 0.5
