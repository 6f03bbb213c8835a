from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.stock import SKUS_PER_BUCKET
from kernel.time.clock import parse_stamp
from services.catalog.search.find_products import BUCKETS_PER_PAGE
from tests.catalog.desk import Desk, have_dealer, have_stock, next_sku_index, price, row
from tests.read_units import metered
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    """A small range, two dealers with lists and warehouses of their own."""
    desk = Desk(world)
    desk.import_products(
        row("TD-07", name_zh="防眩LED筒灯 7W 暖白", name_en="Anti-glare downlight 7W", category="筒灯"),
        row("TD-12", name_zh="防眩LED筒灯 12W", name_en="Anti-glare downlight 12W", category="筒灯"),
        row("GD-07", name_zh="轨道射灯 7W 暖白", name_en="Track light 7W", category="射灯"),
        row("XX-01", name_zh="驱动电源", name_en="Driver", category="电源", order_multiple=50),
    )
    desk.price_list("A", price("TD-07", "35.8", (20, "34.9"), (100, "33")), price("TD-12", "41"), price("XX-01", "9"))
    desk.price_list("B", price("TD-07", "39.9", price_policy="二级价"))
    have_dealer("D0001", price_list="A", warehouse="GZ")
    have_dealer("D0002", price_list="B", warehouse="FS")
    have_stock("GZ", [200, 13, 0, 5])
    return desk


def buyer(desk: Desk, dealer_id: str = "D0001") -> str:
    return desk.world.token(role="dealer_buyer", dealer_id=dealer_id)


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
def test_what_is_found_has_every_word_and_the_category(desk: Desk, query: dict[str, str], found: list[str]) -> None:
    assert desk.skus(buyer(desk), **query) == found


def test_a_product_is_no_longer_found_by_what_it_was_called(desk: Desk) -> None:
    desk.import_products(row("TD-07", name_zh="面板灯", name_en="Panel", category="面板灯"))
    assert desk.skus(text="暖白") == ["GD-07"]
    assert desk.skus(text="防眩") == ["TD-12"]
    assert desk.skus(category="筒灯") == ["TD-12"]
    assert desk.skus(text="面板", category="面板灯") == ["TD-07"]
    desk.import_products(row("TD-12", name_zh="面板灯", name_en="Panel", category="面板灯"))
    assert not [item for item in desk.world.items("TERM#") if item["pk"] in ("TERM#防眩", "TERM#category=筒灯")]


def test_a_dealer_sees_its_own_price_why_how_long_and_the_next_break(desk: Desk) -> None:
    [shown] = desk.look(buyer(desk), text="TD-07").json["products"]
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
    other = desk.show("TD-07", buyer(desk, "D0002")).json["price"]
    assert (other["unit_price"], other["price_policy"], other["price_list"], other["next_break"]) == (
        "39.9",
        "二级价",
        "B",
        None,
    )


def test_what_is_not_in_a_dealers_list_or_no_longer_valid_has_no_price(desk: Desk) -> None:
    assert desk.show("GD-07", buyer(desk)).json["price"] is None
    assert desk.show("TD-12", buyer(desk, "D0002")).json["price"] is None
    assert desk.publish("A", 2).status == 409
    desk.draft("A", 2, price("TD-07", "30"))
    desk.publish("A", 2, valid_to="2026-11-30")
    assert desk.show("TD-07", buyer(desk)).json["price"]["valid_to"] == "2026-11-30"
    # The last moment of the last business day in Shanghai, and the next.
    desk.world.clock.set(datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    assert desk.show("TD-07", buyer(desk)).json["price"]["unit_price"] == "30"
    desk.world.clock.set(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    assert desk.show("TD-07", buyer(desk)).json["price"] is None
    [listed] = desk.look(buyer(desk), text="TD-07").json["products"]
    assert listed["price"] is None


def test_a_dealer_sees_what_its_own_warehouse_could_promise_now(desk: Desk) -> None:
    told = {one["sku"]: one["availability"] for one in desk.look(buyer(desk)).json["products"]}
    assert {sku: (one["band"], one["text"], one["pieces"]) for sku, one in told.items()} == {
        "TD-07": ("plenty", "充足 / in stock", 200),
        "TD-12": ("few", "仅剩 13 / only 13 left", 13),
        "GD-07": ("none", "缺货 / out of stock", 0),
        "XX-01": ("few", "仅剩 5 / only 5 left", 5),
    }
    assert {one["warehouse"] for one in told.values()} == {"GZ"}
    have_stock("GZ", [0, 14, 0, 5])
    before = desk.world.clock.moment
    now = {one["sku"]: one["availability"] for one in desk.look(buyer(desk)).json["products"]}
    assert (now["TD-07"]["pieces"], now["TD-12"]["pieces"]) == (0, 14)
    assert before <= parse_stamp(now["TD-07"]["as_of"]) <= desk.world.clock.moment
    elsewhere = desk.look(buyer(desk, "D0002")).json["products"]
    assert {(one["availability"]["warehouse"], one["availability"]["pieces"]) for one in elsewhere} == {("FS", 0)}


def test_staff_see_a_dealers_offer_only_when_they_name_the_dealer(desk: Desk) -> None:
    assert desk.show("TD-07").json["price"] is None
    assert desk.show("TD-07").json["availability"] is None
    as_dealer = desk.show("TD-07", dealer_id="D0002").json
    assert (as_dealer["price"]["unit_price"], as_dealer["availability"]["warehouse"]) == ("39.9", "FS")
    [listed] = desk.look(text="TD-07", dealer_id="D0002").json["products"]
    assert listed["price"] == as_dealer["price"]


def test_another_dealers_prices_are_as_absent_as_a_missing_dealers(desk: Desk) -> None:
    foreign = desk.look(buyer(desk), dealer_id="D0002")
    missing = desk.look(dealer_id="D9999")
    assert foreign.status == missing.status == 404
    assert foreign.json == missing.json == desk.show("NO-SUCH").json == desk.show("TD-07", buyer(desk, "D9999")).json
    assert desk.show("TD-07", buyer(desk), dealer_id="D0002").status == 404
    assert desk.look(buyer(desk), dealer_id="D0001").status == 200


def test_one_product_takes_four_calls_and_about_as_many_units(desk: Desk) -> None:
    mine = buyer(desk)
    with metered() as meter:
        shown = desk.show("TD-07", mine).json
    assert shown["price"]["unit_price"] == "35.8"
    assert (meter.calls, meter.units) == (4, 4.5)


def test_paging_shows_every_product_once_whatever_the_page_size(desk: Desk) -> None:
    desk.import_products(*[row(f"P-{number:03d}", name_zh="面板灯", category="面板灯") for number in range(90)])
    wanted = [f"P-{number:03d}" for number in range(90)]
    for limit in (7, 50):
        assert desk.skus(text="面板", limit=limit) == wanted
    first = desk.look(text="面板", limit=7).json
    assert [one["sku"] for one in first["products"]] == wanted[:7]


def test_a_page_ends_after_some_buckets_and_the_next_one_goes_on(desk: Desk) -> None:
    for bucket in range(1, 11):
        next_sku_index(SKUS_PER_BUCKET * bucket)
        desk.import_products(row(f"S-{bucket:02d}", name_zh="灯管", name_en="x"))
    first = desk.look(text="灯管").json
    assert len(first["products"]) == BUCKETS_PER_PAGE
    assert desk.skus(text="灯管") == [f"S-{bucket:02d}" for bucket in range(1, 11)]


def test_a_cursor_serves_only_its_own_search_and_caller(desk: Desk) -> None:
    mine = buyer(desk)
    cursor = desk.look(mine, text="led", limit=1).json["next_cursor"]
    assert desk.look(mine, text="led", limit=50, cursor=cursor).status == 200
    for token, query in (
        (buyer(desk, "D0002"), {"text": "led"}),
        (mine, {"text": "灯"}),
        (mine, {"text": "led", "category": "筒灯"}),
        (mine, {}),
        (mine, {"text": "led", "dealer_id": "D0001"}),
    ):
        answer = desk.look(token, **query, cursor=cursor)
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")
    assert desk.look(mine, text="led", cursor=cursor[:-4] + "AAAA").status == 400


@pytest.mark.parametrize(
    "query", [{"limit": 51}, {"limit": 0}, {"limit": "x"}, {"page": 2}, {"text": "灯" * 61}, {"dealer_id": "x"}]
)
def test_a_question_that_makes_no_sense_is_refused_by_field(desk: Desk, query: dict[str, str]) -> None:
    answer = desk.look(buyer(desk), **query)
    assert answer.status == 422
    assert [one["field"] for one in answer.json["errors"]] == list(query)
