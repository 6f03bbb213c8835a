"""Tests of the search: matches, prices, availability, pages and cursors."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.stock import SKUS_PER_BUCKET
from kernel.time.clock import parse_stamp
from reads.warehouses import known_warehouses
from services.catalog.search.find_products import BUCKETS_PER_PAGE
from tests.catalog.fixtures import CatalogClient, price_row, product_row, set_next_sku_index, store_dealer, store_stock
from tests.support.read_units import metered
from tests.support.world import World


@pytest.fixture
def catalog(world: World) -> CatalogClient:
    """Return a catalogue of four products and two dealers with different price lists and warehouses."""
    catalog = CatalogClient(world)
    catalog.import_products(
        product_row("TD-07", name_zh="防眩LED筒灯 7W 暖白", name_en="Anti-glare downlight 7W", category="筒灯"),
        product_row("TD-12", name_zh="防眩LED筒灯 12W", name_en="Anti-glare downlight 12W", category="筒灯"),
        product_row("GD-07", name_zh="轨道射灯 7W 暖白", name_en="Track light 7W", category="射灯"),
        product_row("XX-01", name_zh="驱动电源", name_en="Driver", category="电源", order_multiple=50),
    )
    catalog.publish_price_list(
        "A", price_row("TD-07", "35.8", (20, "34.9"), (100, "33")), price_row("TD-12", "41"), price_row("XX-01", "9")
    )
    catalog.publish_price_list("B", price_row("TD-07", "39.9", price_policy="二级价"))
    store_dealer("D0001", price_list="A", warehouse="GZ")
    store_dealer("D0002", price_list="B", warehouse="FS")
    store_stock("GZ", [200, 13, 0, 5])
    return catalog


def buyer(catalog: CatalogClient, dealer_id: str = "D0001") -> str:
    return catalog.world.token(role="dealer_buyer", dealer_id=dealer_id)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["TD-07", "TD-12", "GD-07", "XX-01"]),
        ({"text": "筒灯"}, ["TD-07", "TD-12"]),
        ({"text": "灯 7W"}, ["TD-07", "GD-07"]),
        ({"text": "7w 暖白 筒灯 downlight 防眩 LED"}, ["TD-07"]),
        ({"text": "td"}, ["TD-07", "TD-12"]),
        ({"text": "TD-1"}, ["TD-12"]),
        ({"category": "射灯"}, ["GD-07"]),
        ({"category": "筒灯", "text": "12W"}, ["TD-12"]),
        ({"category": "射灯", "text": "12W"}, []),
        ({"category": "射"}, []),
        ({"text": "!?"}, []),
        ({"text": "  "}, ["TD-07", "TD-12", "GD-07", "XX-01"]),
        ({"text": "7w 暖白 筒灯 downlight 防眩 驱动"}, []),
    ],
)
def test_search_returns_products_with_every_word_and_category(
    catalog: CatalogClient, query: dict[str, str], found: list[str]
) -> None:
    assert catalog.search_all(buyer(catalog), **query) == found


def test_search_shows_what_it_did_not_understand(catalog: CatalogClient) -> None:
    answer = catalog.search(buyer(catalog), text="ＴＤ－07 ★ !?").json
    assert ([product["sku"] for product in answer["products"]], answer["ignored"]) == (["TD-07"], ["★", "!?"])
    assert catalog.search(buyer(catalog), text="筒灯").json["ignored"] == []
    assert catalog.search_all(buyer(catalog), category="  筒灯 ") == ["TD-07", "TD-12"]


def test_search_does_not_find_product_by_former_name(catalog: CatalogClient) -> None:
    catalog.import_products(product_row("TD-07", name_zh="面板灯", name_en="Panel", category="面板灯"))
    assert catalog.search_all(text="暖白") == ["GD-07"]
    assert catalog.search_all(text="防眩") == ["TD-12"]
    assert catalog.search_all(category="筒灯") == ["TD-12"]
    assert catalog.search_all(text="面板", category="面板灯") == ["TD-07"]
    catalog.import_products(product_row("TD-12", name_zh="面板灯", name_en="Panel", category="面板灯"))
    assert not [item for item in catalog.world.items("TERM#") if item["pk"] in ("TERM#防眩", "TERM#category=筒灯")]


def test_product_shows_own_price_with_policy_validity_and_next_break(catalog: CatalogClient) -> None:
    [shown] = catalog.search(buyer(catalog), text="TD-07").json["products"]
    assert shown["price"] == {
        "unit_price": "35.8",
        "price_policy": "标准价",
        "price_list": "A",
        "price_list_name": "A 级价",
        "version": 1,
        "valid_from": "2026-01-01",
        "valid_to": None,
        "breaks": [{"quantity": 20, "unit_price": "34.9"}, {"quantity": 100, "unit_price": "33"}],
        "next_break": {"quantity": 20, "unit_price": "34.9"},
    }
    other = catalog.show("TD-07", buyer(catalog, "D0002")).json["price"]
    assert (other["unit_price"], other["price_policy"], other["price_list"], other["next_break"]) == (
        "39.9",
        "二级价",
        "B",
        None,
    )


def test_product_has_no_price_when_unlisted_or_expired(catalog: CatalogClient) -> None:
    assert catalog.show("GD-07", buyer(catalog)).json["price"] is None
    assert catalog.show("TD-12", buyer(catalog, "D0002")).json["price"] is None
    catalog.draft_prices("A", 2, price_row("TD-07", "30"))
    catalog.publish_prices("A", 2, valid_to="2026-11-30")
    assert catalog.show("TD-07", buyer(catalog)).json["price"]["valid_to"] == "2026-11-30"
    # Last minute of the last valid business day in Shanghai, and the minute after.
    catalog.world.clock.set(datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    assert catalog.show("TD-07", buyer(catalog)).json["price"]["unit_price"] == "30"
    catalog.world.clock.set(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    assert catalog.show("TD-07", buyer(catalog)).json["price"] is None
    [listed] = catalog.search(buyer(catalog), text="TD-07").json["products"]
    assert listed["price"] is None


def test_product_shows_current_availability_of_own_warehouse(catalog: CatalogClient) -> None:
    shown = {product["sku"]: product["availability"] for product in catalog.search(buyer(catalog)).json["products"]}
    assert {
        sku: (offer["band"], offer["label_zh"], offer["label_en"], offer["pieces"]) for sku, offer in shown.items()
    } == {
        "TD-07": ("plenty", "充足", "in stock", 200),
        "TD-12": ("few", "仅剩 13", "only 13 left", 13),
        "GD-07": ("none", "缺货", "out of stock", 0),
        "XX-01": ("few", "仅剩 5", "only 5 left", 5),
    }
    assert {offer["warehouse"] for offer in shown.values()} == {"GZ"}
    store_stock("GZ", [0, 14, 0, 5])
    before = catalog.world.clock.moment
    now = {product["sku"]: product["availability"] for product in catalog.search(buyer(catalog)).json["products"]}
    assert (now["TD-07"]["pieces"], now["TD-12"]["pieces"]) == (0, 14)
    assert before <= parse_stamp(now["TD-07"]["as_of"]) <= catalog.world.clock.moment
    elsewhere = catalog.search(buyer(catalog, "D0002")).json["products"]
    assert {(product["availability"]["warehouse"], product["availability"]["pieces"]) for product in elsewhere} == {
        ("FS", 0)
    }


def test_staff_see_price_and_availability_only_when_naming_dealer(catalog: CatalogClient) -> None:
    assert catalog.show("TD-07").json["price"] is None
    assert catalog.show("TD-07").json["availability"] is None
    as_dealer = catalog.show("TD-07", dealer_id="D0002").json
    assert (as_dealer["price"]["unit_price"], as_dealer["availability"]["warehouse"]) == ("39.9", "FS")
    [listed] = catalog.search(text="TD-07", dealer_id="D0002").json["products"]
    assert listed["price"] == as_dealer["price"]


def test_foreign_dealer_answers_like_missing_dealer(catalog: CatalogClient) -> None:
    foreign = catalog.search(buyer(catalog), dealer_id="D0002")
    missing = catalog.search(dealer_id="D9999")
    assert foreign.status == missing.status == 404
    assert (
        foreign.json
        == missing.json
        == catalog.show("NO-SUCH").json
        == catalog.show("TD-07", buyer(catalog, "D9999")).json
    )
    assert catalog.show("TD-07", buyer(catalog), dealer_id="D0002").status == 404
    assert catalog.search(buyer(catalog), dealer_id="D0001").status == 200


def test_one_product_costs_four_calls_and_few_units(catalog: CatalogClient) -> None:
    mine = buyer(catalog)
    known_warehouses()  # a process reads them once in ten seconds
    with metered() as meter:
        shown = catalog.show("TD-07", mine).json
    assert shown["price"]["unit_price"] == "35.8"
    assert (meter.calls, meter.units) == (4, 4.5)


def test_pages_show_every_product_once_for_any_page_size(catalog: CatalogClient) -> None:
    catalog.import_products(
        *[product_row(f"P-{number:03d}", name_zh="面板灯", category="面板灯") for number in range(90)]
    )
    wanted = [f"P-{number:03d}" for number in range(90)]
    for limit in (7, 50):
        assert catalog.search_all(text="面板", limit=limit) == wanted
    first = catalog.search(text="面板", limit=7).json
    assert [product["sku"] for product in first["products"]] == wanted[:7]


def test_page_ends_after_max_buckets_and_next_page_continues(catalog: CatalogClient) -> None:
    for bucket in range(1, 11):
        set_next_sku_index(SKUS_PER_BUCKET * bucket)
        catalog.import_products(product_row(f"S-{bucket:02d}", name_zh="灯管", name_en="x"))
    first = catalog.search(text="灯管").json
    assert len(first["products"]) == BUCKETS_PER_PAGE
    assert catalog.search_all(text="灯管") == [f"S-{bucket:02d}" for bucket in range(1, 11)]


def test_cursor_works_only_for_its_search_and_caller(catalog: CatalogClient) -> None:
    mine = buyer(catalog)
    cursor = catalog.search(mine, text="led", limit=1).json["next_cursor"]
    assert catalog.search(mine, text="led", limit=50, cursor=cursor).status == 200
    for token, query in (
        (buyer(catalog, "D0002"), {"text": "led"}),
        (mine, {"text": "灯"}),
        (mine, {"text": "led", "category": "筒灯"}),
        (mine, {}),
        (mine, {"text": "led", "dealer_id": "D0001"}),
    ):
        answer = catalog.search(token, **query, cursor=cursor)
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")
    assert catalog.search(mine, text="led", cursor=cursor[:-4] + "AAAA").status == 400


@pytest.mark.parametrize(
    "query", [{"limit": 51}, {"limit": 0}, {"limit": "x"}, {"page": 2}, {"text": "灯" * 61}, {"dealer_id": "x"}]
)
def test_invalid_query_is_refused_by_field(catalog: CatalogClient, query: dict[str, str]) -> None:
    answer = catalog.search(buyer(catalog), **query)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == list(query)
