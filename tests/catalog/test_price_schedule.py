"""Versions of a price list that begin on a coming day: they take over by themselves, and can be withdrawn before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.catalog.prices.rules import MAX_EARLIER_VERSIONS
from tests.catalog.fixtures import CatalogClient, price_row, product_row, store_dealer
from tests.support.world import World

#: The tests begin on Monday 2026-11-23, 10:00 in Shanghai.
TODAY, TOMORROW, WEDNESDAY = "2026-11-23", "2026-11-24", "2026-11-25"


@pytest.fixture
def catalog(fast_world: World) -> Iterator[CatalogClient]:
    catalog = CatalogClient(fast_world)
    catalog.import_products(product_row("P-1", name_en="x"))
    store_dealer("D0001", price_list="A")
    yield catalog


def publish(catalog: CatalogClient, version: int, unit_price: str, **days: str) -> None:
    assert catalog.draft_prices("A", version, price_row("P-1", unit_price)).status == 200
    answer = catalog.publish_prices("A", version, **days)
    assert answer.status == 200, answer.json


def price_of(catalog: CatalogClient) -> str | None:
    """Return the unit price that the dealer sees now."""
    price = catalog.show("P-1", dealer_id="D0001").json["price"]
    return price["unit_price"] if price else None


def test_version_takes_over_at_midnight_in_shanghai(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00", valid_to=TODAY)
    publish(catalog, 2, "12.00", valid_from=TOMORROW)
    assert price_of(catalog) == "10.00"
    catalog.world.clock.advance(hours=13, minutes=59)
    assert price_of(catalog) == "10.00", "23:59 in Shanghai"
    catalog.world.clock.advance(minutes=1)
    assert price_of(catalog) == "12.00"


def test_list_has_no_price_between_two_versions(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00", valid_to=TODAY)
    publish(catalog, 2, "12.00", valid_from=WEDNESDAY)
    catalog.world.clock.advance(days=1)
    assert price_of(catalog) is None
    catalog.world.clock.advance(days=1)
    assert price_of(catalog) == "12.00"


def test_first_version_may_begin_on_a_coming_day(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00", valid_from=TOMORROW)
    assert price_of(catalog) is None
    catalog.world.clock.advance(days=1)
    assert price_of(catalog) == "10.00"


def test_versions_begin_in_the_order_of_their_numbers(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00")
    publish(catalog, 2, "12.00", valid_from=WEDNESDAY)
    catalog.draft_prices("A", 3, price_row("P-1", "9.00"))
    before = catalog.stored_catalogue()
    for valid_from in (TODAY, TOMORROW):
        refused = catalog.publish_prices("A", 3, valid_from=valid_from)
        assert [error["code"] for error in refused.json["errors"]] == ["before-waiting-version"]
    assert catalog.stored_catalogue() == before
    assert catalog.publish_prices("A", 3, valid_from=WEDNESDAY).status == 200
    catalog.world.clock.advance(days=2)
    assert price_of(catalog) == "9.00"


def test_list_shows_what_is_valid_and_what_waits(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00", valid_to=TOMORROW)
    publish(catalog, 2, "12.00", valid_from=WEDNESDAY)
    [shown] = catalog.get("/price-lists").json["price_lists"]
    assert (shown["price_list_id"], shown["valid"]["version"], shown["next_draft"]) == ("A", 1, "3")
    assert [(one["version"], one["valid_from"]) for one in shown["waiting"]] == [(2, WEDNESDAY)]
    catalog.world.clock.advance(days=2)
    [shown] = catalog.get("/price-lists").json["price_lists"]
    assert (shown["valid"]["version"], shown["waiting"]) == (2, [])


def test_number_of_waiting_versions_is_bounded(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00")
    for version in range(2, MAX_EARLIER_VERSIONS + 2):
        publish(catalog, version, f"{version}.00", valid_from=f"2026-12-{version:02d}")
    version = MAX_EARLIER_VERSIONS + 2
    catalog.draft_prices("A", version, price_row("P-1", "1.00"))
    refused = catalog.publish_prices("A", version, valid_from="2026-12-31")
    assert [error["code"] for error in refused.json["errors"]] == ["too-many-waiting"]


# ---- withdraw ----


def test_withdrawn_version_never_begins_and_its_number_is_not_used_again(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00")
    publish(catalog, 2, "12.00", valid_from=TOMORROW)
    answer = catalog.withdraw_version("A", 2, key="w")
    assert (answer.status, answer.json["withdrawn_by"], answer.json["withdrawal_reason"]) == (
        200,
        answer.json["published_by"],
        "价格有误",
    )
    assert catalog.withdraw_version("A", 2, key="w").json == answer.json, "a repeat answers the same"
    assert catalog.withdraw_version("A", 2).json == answer.json, "and so does another request"
    catalog.world.clock.advance(days=1)
    assert price_of(catalog) == "10.00"
    refused = catalog.draft_prices("A", 2, price_row("P-1", "11.00"))
    assert (refused.status, refused.json["next_draft"]) == (409, "3")
    assert catalog.restore_version("A", 3, 2).status == 200, "a draft may begin with its prices"
    assert catalog.publish_prices("A", 3, valid_from=TOMORROW).status == 200
    assert price_of(catalog) == "12.00"
    versions = catalog.get("/price-lists/A/versions").json["versions"]
    withdrawn = {one["version"]: one["withdrawn_at"] is not None for one in versions}
    assert withdrawn == {3: False, 2: True, 1: False}


def test_only_the_newest_version_that_has_not_begun_is_withdrawn(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00")
    publish(catalog, 2, "12.00", valid_from=TOMORROW)
    publish(catalog, 3, "13.00", valid_from=WEDNESDAY)
    before = catalog.stored_catalogue()
    assert catalog.withdraw_version("A", 1).json["code"] == "already-begun"
    assert catalog.withdraw_version("A", 2).json["code"] == "not-the-newest"
    assert catalog.withdraw_version("A", 4).status == 404
    assert catalog.stored_catalogue() == before
    assert [catalog.withdraw_version("A", version).status for version in (3, 2)] == [200, 200]
    catalog.world.clock.advance(days=2)
    assert price_of(catalog) == "10.00"


def test_only_version_is_not_withdrawn(catalog: CatalogClient) -> None:
    publish(catalog, 1, "10.00", valid_from=TOMORROW)
    assert catalog.withdraw_version("A", 1).json["code"] == "only-version"
