"""Drafts begin with the published prices: their changes, removals, former versions and history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.prices.rules import changed_buckets, with_pages
from tests.catalog.fixtures import CatalogClient, price_row, product_row, set_next_sku_index, store_dealer
from tests.support.interruptions import Killed, before_commit, killed_at
from tests.support.world import World, opened

SKUS = [f"P-{number}" for number in range(6)]


def opened_catalog(world: World) -> CatalogClient:
    """Return a catalogue of six products in two buckets, with version 1 of price list A."""
    catalog = CatalogClient(world)
    set_next_sku_index(77)
    catalog.import_products(*[product_row(sku, name_en="x") for sku in SKUS])
    store_dealer("D0001", price_list="A")
    catalog.publish_price_list("A", *[price_row(sku) for sku in SKUS])
    return catalog


@pytest.fixture
def catalog(fast_world: World) -> Iterator[CatalogClient]:
    yield opened_catalog(fast_world)


def prices(catalog: CatalogClient) -> dict[str, str]:
    """Return the unit prices that a dealer of list A sees."""
    shown = {sku: catalog.show(sku, dealer_id="D0001").json["price"] for sku in SKUS}
    return {sku: price["unit_price"] for sku, price in shown.items() if price}


def listed(**changed: str | None) -> dict[str, str]:
    """Return 12.50 for every SKU, and other prices for those named like `P_3`; None for a SKU that left the list."""
    every: dict[str, str | None] = dict.fromkeys(SKUS, "12.50")
    every |= {sku.replace("_", "-"): price for sku, price in changed.items()}
    return {sku: price for sku, price in every.items() if price}


def removal(sku: str) -> dict[str, Any]:
    return {"sku": sku, "unit_price": None}


def test_one_corrected_price_leaves_all_others_in_the_list(catalog: CatalogClient) -> None:
    assert catalog.draft_prices("A", 2, {"sku": "P-3", "unit_price": "11.00"}).json["changed"] == 1
    assert prices(catalog) == listed()
    assert catalog.publish_prices("A", 2).status == 200
    assert prices(catalog) == listed(P_3="11.00")
    assert catalog.draft_prices("A", 3, {"sku": "P-0", "unit_price": "9.00"}).json["changed"] == 1
    assert catalog.publish_prices("A", 3).status == 200
    assert prices(catalog) == listed(P_0="9.00", P_3="11.00")


def test_new_validity_is_published_without_any_changed_price(catalog: CatalogClient) -> None:
    assert catalog.publish_prices("A", 2, valid_to="2026-12-31").json["version"] == 2
    assert prices(catalog) == listed()


def test_draft_shows_added_changed_and_removed_prices_in_pages(catalog: CatalogClient) -> None:
    catalog.import_products(product_row("NEW"))
    assert catalog.draft_changes("A", 2).json["changes"] == []
    catalog.draft_prices("A", 2, price_row("NEW", "3"), {"sku": "P-1", "unit_price": "11"}, removal("P-2"))
    catalog.draft_prices("A", 2, removal("P-5"), price_row("P-4"))
    shown, cursor = [], None
    while not shown or cursor:
        page = catalog.draft_changes("A", 2, limit=1, **({"cursor": cursor} if cursor else {})).json
        assert (page["added"], page["changed"], page["removed"]) == (1, 1, 2)
        [change] = page["changes"]
        old, new = (change[side] and change[side]["unit_price"] for side in ("before", "after"))
        shown.append((change["sku"], change["change"], old, new))
        cursor = page["next_cursor"]
    assert shown == [
        ("P-1", "changed", "12.50", "11"),
        ("P-2", "removed", "12.50", None),
        ("P-5", "removed", "12.50", None),
        ("NEW", "added", None, "3"),
    ]


@pytest.mark.parametrize("confirmed", [0, 1, 3])
def test_publication_is_refused_until_the_removals_are_confirmed(catalog: CatalogClient, confirmed: int) -> None:
    catalog.draft_prices("A", 2, removal("P-1"), removal("P-4"))
    before = catalog.stored_catalogue()
    refused = catalog.publish_prices("A", 2, removals=confirmed)
    assert (refused.status, refused.json["code"], refused.json["removals"]) == (409, "removals-not-confirmed", 2)
    assert [error["field"] for error in refused.json["errors"]] == ["removals"]
    assert catalog.stored_catalogue() == before
    assert catalog.publish_prices("A", 2, removals=2).status == 200
    assert prices(catalog) == listed(P_1=None, P_4=None)


def test_removal_written_while_publishing_is_not_published_unconfirmed(catalog: CatalogClient) -> None:
    def colleague() -> None:
        assert catalog.draft_prices("A", 2, removal("P-1")).status == 200

    with before_commit(0, colleague):
        assert catalog.publish_prices("A", 2, key="p").json["code"] == "busy"
    assert catalog.publish_prices("A", 2, key="p").json["code"] == "removals-not-confirmed"
    assert prices(catalog) == listed()


def test_former_version_is_restored_and_published_with_its_history(catalog: CatalogClient) -> None:
    catalog.import_products(product_row("NEW"))
    catalog.draft_prices("A", 2, price_row("NEW"), {"sku": "P-0", "unit_price": "1"}, removal("P-5"))
    catalog.publish_prices("A", 2, removals=1)
    catalog.draft_prices("A", 3, {"sku": "P-1", "unit_price": "2"})  # dropped by the restoration
    assert catalog.restore_version("A", 3, 1).json == {"price_list_id": "A", "draft": "3", "restored_from": 1}
    changes = catalog.draft_changes("A", 3).json
    assert {change["sku"]: change["change"] for change in changes["changes"]} == {
        "P-0": "changed",
        "P-5": "added",
        "NEW": "removed",
    }
    catalog.draft_prices("A", 3, {"sku": "P-2", "unit_price": "3"})
    assert catalog.publish_prices("A", 3, removals=1).status == 200
    assert prices(catalog) == listed(P_2="3")
    history = catalog.get("/price-lists/A/versions").json["versions"]
    assert [(entry["version"], entry["restored_from"], entry["removals"]) for entry in history] == [
        (3, 1, 1),
        (2, None, 1),
        (1, None, 0),
    ]
    assert all(entry["published_by"] and entry["published_at"] for entry in history)


def test_unknown_version_is_not_restored(catalog: CatalogClient) -> None:
    before = catalog.stored_catalogue()
    refused = catalog.restore_version("A", 2, 7)
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [("version", "unknown-version")]
    assert "1–1" in refused.json["errors"][0]["detail"]
    assert catalog.stored_catalogue() == before
    assert catalog.get("/price-lists/NONE/versions").status == 404


@pytest.mark.parametrize("after", [False, True])
def test_interrupted_restoration_is_completed_by_repeating_it(catalog: CatalogClient, after: bool) -> None:
    catalog.draft_prices("A", 2, {"sku": "P-1", "unit_price": "2"})
    with pytest.raises(Killed), killed_at(0, after=after):
        catalog.restore_version("A", 2, 1, key="r")
    assert catalog.restore_version("A", 2, 1, key="r").status == 200
    assert catalog.draft_changes("A", 2).json["changes"] == []


_CHANGES = st.dictionaries(st.sampled_from(SKUS), st.sampled_from([None, "1", "2", "3"]), max_size=4)


def test_any_sequence_of_drafts_and_restorations_publishes_what_it_names() -> None:
    with opened(fast=True) as world:
        catalog = opened_catalog(world)
        versions = [prices(catalog)]

        @settings(max_examples=25, deadline=None)
        @given(_CHANGES, st.none() | st.integers(min_value=0, max_value=30))
        def check(changes: dict[str, str | None], restored: int | None) -> None:
            draft, expected = len(versions) + 1, dict(versions[-1])
            if restored is not None:
                number = restored % len(versions) + 1
                assert catalog.restore_version("A", draft, number).status == 200
                expected = dict(versions[number - 1])
            if changes:
                rows = [price_row(sku, price) if price else removal(sku) for sku, price in changes.items()]
                assert catalog.draft_prices("A", draft, *rows).status == 200
            expected |= {sku: price for sku, price in changes.items() if price}
            expected = {sku: price for sku, price in expected.items() if changes.get(sku, price)}
            removals = len(versions[-1].keys() - expected.keys())
            assert catalog.draft_changes("A", draft).json["removed"] == removals
            assert prices(catalog) == versions[-1]
            assert catalog.publish_prices("A", draft, removals=removals).status == 200
            assert prices(catalog) == expected
            versions.append(expected)

        check()


@given(st.lists(st.integers(0, 5), max_size=8), st.sets(st.integers(0, 12), max_size=5))
def test_written_pages_are_exactly_the_changed_ones(before: list[int], written: set[int]) -> None:
    after = with_pages(before, 6, sorted(written))
    assert changed_buckets(before, after) == sorted(written)
    assert [after[bucket] for bucket in sorted(written)] == [6] * len(written)
