from __future__ import annotations

import pytest

from tests.catalog.desk import Desk, have_dealer, next_sku_index, price, row
from tests.interruptions import Killed, before_commit, killed_at
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    """Six products on two buckets and a dealer with list A."""
    desk = Desk(world)
    next_sku_index(61)
    desk.import_products(*[row(f"P-{number}", name_en="x") for number in range(6)])
    have_dealer("D0001", price_list="A")
    return desk


ALL = [price(f"P-{number}") for number in range(6)]


def unit_price(desk: Desk, sku: str) -> str | None:
    offered = desk.show(sku, dealer_id="D0001").json["price"]
    return offered["unit_price"] if offered else None


def test_a_draft_is_written_in_several_calls_and_holds_only_once_it_is_published(desk: Desk) -> None:
    assert desk.draft("A", 1, *ALL[:4]).json == {
        "price_list_id": "A",
        "draft": "1",
        "received": 4,
        "changed": 4,
        "unchanged": 0,
    }
    assert desk.draft("A", 1, *ALL[2:]).json["changed"] == 2
    assert unit_price(desk, "P-0") is None
    answer = desk.publish("A", 1, valid_to="2026-12-31")
    assert (answer.status, answer.json) == (
        200,
        {
            "price_list_id": "A",
            "version": 1,
            "name": "A 级价",
            "valid_from": "2026-01-01",
            "valid_to": "2026-12-31",
        },
    )
    assert {unit_price(desk, sku) for sku in ("P-0", "P-3", "P-5")} == {"12.50"}


def test_a_new_version_replaces_the_old_one_in_one_write(desk: Desk) -> None:
    desk.price_list("A", *ALL)
    desk.draft("A", 2, *[price(f"P-{number}", "9.99") for number in range(5)])
    assert (unit_price(desk, "P-0"), unit_price(desk, "P-5")) == ("12.50", "12.50")
    before = desk.products_and_prices()
    desk.publish("A", 2)
    changed = {key for key, item in desk.products_and_prices().items() if before.get(key) != item}
    assert changed == {"PRICELIST#A CURRENT"}
    assert (unit_price(desk, "P-0"), unit_price(desk, "P-5")) == ("9.99", None)


def test_sending_the_same_prices_again_writes_nothing(desk: Desk) -> None:
    desk.draft("A", 1, *ALL)
    before = desk.products_and_prices()
    answer = desk.draft("A", 1, *ALL)
    assert (answer.json["changed"], answer.json["unchanged"]) == (0, 6)
    assert desk.products_and_prices() == before


def test_all_wrong_prices_are_told_at_once_and_none_is_written(desk: Desk) -> None:
    before = desk.products_and_prices()
    unreadable = desk.draft(
        "A", 1, price("P-1", "0"), price("P-2", "NaN"), price("P-3", "1.1234567"), price("P-1"), {"sku": "P-9"}
    )
    assert unreadable.status == 422
    assert {one["field"] for one in unreadable.json["errors"]} == {
        "prices.0.unit_price",
        "prices.1.unit_price",
        "prices.2.unit_price",
        "prices.3.sku",
        "prices.4.unit_price",
        "prices.4.price_policy",
    }
    wrong = desk.draft("A", 1, price("P-1"), price("NO-1"), price("P-2", "5", (10, "5"), (10, "4")), price("NO-2"))
    assert [(one["field"], one["code"]) for one in wrong.json["errors"]] == [
        ("prices.1.sku", "unknown-sku"),
        ("prices.2.breaks.0.unit_price", "not-cheaper"),
        ("prices.2.breaks.1.quantity", "not-ascending"),
        ("prices.3.sku", "unknown-sku"),
    ]
    assert desk.products_and_prices() == before


def test_a_published_version_is_final(desk: Desk) -> None:
    desk.price_list("A", *ALL)
    before = desk.products_and_prices()
    answer = desk.draft("A", 1, price("P-0", "1"))
    assert (answer.status, answer.json["code"], answer.json["next_draft"]) == (409, "already-published", "2")
    renamed = desk.publish("A", 1, name="Other name")
    assert (renamed.status, renamed.json["code"]) == (409, "already-published")
    assert desk.products_and_prices() == before


def test_publishing_the_same_draft_twice_is_publishing_it_once(desk: Desk) -> None:
    desk.draft("A", 1, *ALL)
    first = desk.publish("A", 1)
    before = desk.products_and_prices()
    again = desk.publish("A", 1)
    assert (again.status, again.json) == (200, first.json)
    assert desk.products_and_prices() == before


def test_versions_come_one_after_the_other_and_not_empty(desk: Desk) -> None:
    early = desk.draft("A", 2, *ALL)
    assert (early.status, early.json["code"], early.json["next_draft"]) == (409, "not-the-next-draft", "1")
    empty = desk.publish("A", 1)
    assert (empty.status, empty.json["code"]) == (409, "empty-draft")
    assert not desk.world.items("PRICELIST#")


@pytest.mark.parametrize(
    ("price_list", "draft", "field"),
    [("a", "1", "price_list_id"), ("A", "0", "draft"), ("A", "01", "draft"), ("A", "x", "draft"), ("A", "-1", "draft")],
)
def test_a_path_that_names_no_draft_is_refused_by_field(desk: Desk, price_list: str, draft: str, field: str) -> None:
    for answer in (desk.draft(price_list, draft, *ALL), desk.publish(price_list, draft)):
        assert (answer.status, [one["field"] for one in answer.json["errors"]]) == (422, [field])
    assert not desk.world.items("PRICELIST#")


def test_a_list_cannot_be_published_for_the_future_or_the_past(desk: Desk) -> None:
    desk.draft("A", 1, *ALL)
    assert [one["code"] for one in desk.publish("A", 1, valid_from="2026-11-24").json["errors"]] == ["not-yet-valid"]
    assert [one["code"] for one in desk.publish("A", 1, valid_to="2026-11-22").json["errors"]] == ["already-over"]
    assert desk.publish("A", 1, valid_from="soon").status == 422
    assert unit_price(desk, "P-0") is None
    assert desk.publish("A", 1, valid_from="2026-11-23", valid_to="2026-11-23").status == 200


def test_prices_that_come_while_the_draft_is_being_published_are_refused(desk: Desk) -> None:
    desk.draft("A", 1, *ALL)

    def colleague() -> None:
        assert desk.publish("A", 1).status == 200

    with before_commit(0, colleague):
        late = desk.draft("A", 1, price("P-0", "1"))
    assert (late.status, late.json["code"]) == (409, "already-published")
    assert unit_price(desk, "P-0") == "12.50"


def test_two_clerks_in_one_draft_lose_no_price(desk: Desk) -> None:
    def colleague() -> None:
        assert desk.draft("A", 1, *ALL[:2]).status == 200

    with before_commit(0, colleague):
        assert desk.draft("A", 1, *ALL[2:]).status == 200
    desk.publish("A", 1)
    assert all(unit_price(desk, one["sku"]) == "12.50" for one in ALL)


@pytest.mark.parametrize("after", [False, True])
def test_a_draft_that_broke_off_is_finished_by_sending_it_again(desk: Desk, after: bool) -> None:
    with pytest.raises(Killed), killed_at(0, after=after):
        desk.draft("A", 1, *ALL, key="d")
    assert desk.draft("A", 1, *ALL, key="d").status == 200
    with pytest.raises(Killed), killed_at(0, after=after):
        desk.publish("A", 1, key="p")
    assert desk.publish("A", 1, key="p").status == 200
    assert unit_price(desk, "P-5") == "12.50"


def test_dealers_neither_draft_nor_publish(desk: Desk) -> None:
    desk.clerk = desk.world.token(role="dealer_admin", dealer_id="D0001")
    assert (desk.draft("A", 1, *ALL).status, desk.publish("A", 1).status) == (403, 403)
    assert not desk.world.items("PRICELIST#")
