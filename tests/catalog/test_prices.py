"""Tests of price list drafts and their publication."""

from __future__ import annotations

import pytest

from tests.catalog.fixtures import CatalogClient, price_row, product_row, set_next_sku_index, store_dealer
from tests.support.interruptions import Killed, before_commit, killed_at
from tests.support.world import World


@pytest.fixture
def catalog(world: World) -> CatalogClient:
    """Return a catalogue of six products in two buckets and a dealer with price list A."""
    catalog = CatalogClient(world)
    set_next_sku_index(61)
    catalog.import_products(*[product_row(f"P-{number}", name_en="x") for number in range(6)])
    store_dealer("D0001", price_list="A")
    return catalog


ALL = [price_row(f"P-{number}") for number in range(6)]


def unit_price(catalog: CatalogClient, sku: str) -> str | None:
    offered = catalog.show(sku, dealer_id="D0001").json["price"]
    return offered["unit_price"] if offered else None


def test_draft_accepts_several_requests_and_is_valid_after_publication(catalog: CatalogClient) -> None:
    assert catalog.draft_prices("A", 1, *ALL[:4]).json == {
        "price_list_id": "A",
        "draft": "1",
        "received": 4,
        "changed": 4,
        "unchanged": 0,
    }
    assert catalog.draft_prices("A", 1, *ALL[2:]).json["changed"] == 2
    assert unit_price(catalog, "P-0") is None
    answer = catalog.publish_prices("A", 1, valid_to="2026-12-31")
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
    assert {unit_price(catalog, sku) for sku in ("P-0", "P-3", "P-5")} == {"12.50"}


def test_publication_replaces_version_in_one_write(catalog: CatalogClient) -> None:
    catalog.publish_price_list("A", *ALL)
    catalog.draft_prices("A", 2, *[price_row(f"P-{number}", "9.99") for number in range(5)])
    assert (unit_price(catalog, "P-0"), unit_price(catalog, "P-5")) == ("12.50", "12.50")
    before = catalog.stored_catalogue()
    catalog.publish_prices("A", 2)
    changed = {key for key, item in catalog.stored_catalogue().items() if before.get(key) != item}
    assert changed == {"PRICELIST#A CURRENT", "PRICELIST#A VERSION#000002"}
    assert (unit_price(catalog, "P-0"), unit_price(catalog, "P-5")) == ("9.99", "12.50")


def test_repeated_prices_write_nothing(catalog: CatalogClient) -> None:
    catalog.draft_prices("A", 1, *ALL)
    before = catalog.stored_catalogue()
    answer = catalog.draft_prices("A", 1, *ALL)
    assert (answer.json["changed"], answer.json["unchanged"]) == (0, 6)
    assert catalog.stored_catalogue() == before


def test_draft_names_all_wrong_prices_and_writes_none(catalog: CatalogClient) -> None:
    before = catalog.stored_catalogue()
    unreadable = catalog.draft_prices(
        "A",
        1,
        price_row("P-1", "0"),
        price_row("P-2", "NaN"),
        price_row("P-3", "1.1234567"),
        price_row("P-1"),
        {"sku": "P-9"},
    )
    assert unreadable.status == 422
    assert {error["field"] for error in unreadable.json["errors"]} == {
        "prices.0.unit_price",
        "prices.1.unit_price",
        "prices.2.unit_price",
        "prices.3.sku",
        "prices.4.sku",
    }
    wrong = catalog.draft_prices(
        "A",
        1,
        price_row("P-1"),
        price_row("NO-1"),
        price_row("P-2", "5", (10, "5"), (10, "4")),
        price_row("NO-2"),
        {"sku": "P-4"},
    )
    assert [(error["field"], error["code"]) for error in wrong.json["errors"]] == [
        ("prices.1.sku", "unknown-sku"),
        ("prices.2.breaks.0.unit_price", "not-cheaper"),
        ("prices.2.breaks.1.quantity", "not-ascending"),
        ("prices.3.sku", "unknown-sku"),
        ("prices.4.unit_price", "missing"),
        ("prices.4.price_policy", "missing"),
    ]
    assert catalog.stored_catalogue() == before


def test_published_version_is_final(catalog: CatalogClient) -> None:
    catalog.publish_price_list("A", *ALL)
    before = catalog.stored_catalogue()
    answer = catalog.draft_prices("A", 1, price_row("P-0", "1"))
    assert (answer.status, answer.json["code"], answer.json["next_draft"]) == (409, "already-published", "2")
    renamed = catalog.publish_prices("A", 1, name="Other name")
    assert (renamed.status, renamed.json["code"]) == (409, "already-published")
    assert catalog.stored_catalogue() == before


def test_repeated_publication_changes_nothing(catalog: CatalogClient) -> None:
    catalog.draft_prices("A", 1, *ALL)
    first = catalog.publish_prices("A", 1)
    before = catalog.stored_catalogue()
    again = catalog.publish_prices("A", 1)
    assert (again.status, again.json) == (200, first.json)
    assert catalog.stored_catalogue() == before


def test_draft_is_refused_when_not_next_or_empty(catalog: CatalogClient) -> None:
    early = catalog.draft_prices("A", 2, *ALL)
    assert (early.status, early.json["code"], early.json["next_draft"]) == (409, "not-the-next-draft", "1")
    empty = catalog.publish_prices("A", 1)
    assert (empty.status, empty.json["code"]) == (409, "empty-draft")
    assert not catalog.world.items("PRICELIST#")


@pytest.mark.parametrize(
    ("price_list", "draft", "field"),
    [
        ("-a", "1", "price_list_id"),
        ("A", "0", "draft"),
        ("A", "01", "draft"),
        ("A", "x", "draft"),
        ("A", "-1", "draft"),
    ],
)
def test_malformed_draft_path_is_refused_by_field(
    catalog: CatalogClient, price_list: str, draft: str, field: str
) -> None:
    for answer in (catalog.draft_prices(price_list, draft, *ALL), catalog.publish_prices(price_list, draft)):
        assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [field])
    assert not catalog.world.items("PRICELIST#")


def test_publication_is_refused_with_wrong_days(catalog: CatalogClient) -> None:
    catalog.draft_prices("A", 1, *ALL)
    assert [error["code"] for error in catalog.publish_prices("A", 1, valid_from="2027-12-24").json["errors"]] == [
        "too-late"
    ]
    assert [error["code"] for error in catalog.publish_prices("A", 1, valid_to="2026-11-22").json["errors"]] == [
        "already-over"
    ]
    assert catalog.publish_prices("A", 1, valid_from="soon").status == 422
    assert unit_price(catalog, "P-0") is None
    assert catalog.publish_prices("A", 1, valid_from="2026-11-23", valid_to="2026-11-23").status == 200


def test_prices_are_refused_when_draft_is_published_meanwhile(catalog: CatalogClient) -> None:
    catalog.draft_prices("A", 1, *ALL)

    def colleague() -> None:
        assert catalog.publish_prices("A", 1).status == 200

    with before_commit(0, colleague):
        late = catalog.draft_prices("A", 1, price_row("P-0", "1"))
    assert (late.status, late.json["code"]) == (409, "already-published")
    assert unit_price(catalog, "P-0") == "12.50"


def test_concurrent_requests_to_one_draft_lose_no_price(catalog: CatalogClient) -> None:
    def colleague() -> None:
        assert catalog.draft_prices("A", 1, *ALL[:2]).status == 200

    with before_commit(0, colleague):
        assert catalog.draft_prices("A", 1, *ALL[2:]).status == 200
    catalog.publish_prices("A", 1)
    assert all(unit_price(catalog, product["sku"]) == "12.50" for product in ALL)


@pytest.mark.parametrize("after", [False, True])
def test_interrupted_draft_is_completed_by_repeating_it(catalog: CatalogClient, after: bool) -> None:
    with pytest.raises(Killed), killed_at(0, after=after):
        catalog.draft_prices("A", 1, *ALL, key="d")
    assert catalog.draft_prices("A", 1, *ALL, key="d").status == 200
    with pytest.raises(Killed), killed_at(0, after=after):
        catalog.publish_prices("A", 1, key="p")
    assert catalog.publish_prices("A", 1, key="p").status == 200
    assert unit_price(catalog, "P-5") == "12.50"


def test_dealers_cannot_draft_or_publish_prices(catalog: CatalogClient) -> None:
    catalog.clerk = catalog.world.token(role="dealer_admin", dealer_id="D0001")
    assert (catalog.draft_prices("A", 1, *ALL).status, catalog.publish_prices("A", 1).status) == (403, 403)
    assert not catalog.world.items("PRICELIST#")
