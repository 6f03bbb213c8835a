"""From a file to an order: the pages orders are priced from follow every import, and a process reads each once."""

from __future__ import annotations

import pytest

from contracts.assortment import ASSORTMENT_KEY, Listing, assortment_page_key, listings_of, page_of
from contracts.catalog import ProductItem, product_key
from kernel.store.read import fetch
from services.orders.intake.submit_order import _likely_lists
from tests.calls import recorded
from tests.catalog.desk import Desk, have_dealer, price, row
from tests.interruptions import Killed, before_commit, killed_at
from tests.world import Response, World

SKUS = [f"L-{number:02d}" for number in range(40)]


@pytest.fixture
def desk(fast_world: World) -> Desk:
    desk = Desk(fast_world)
    have_dealer("D0001")
    desk.import_products(*(row(sku) for sku in SKUS))
    desk.price_list("A", *(price(sku) for sku in SKUS))
    _likely_lists.clear()
    return desk


def order(desk: Desk, *lines: tuple[str, int], key: str) -> Response:
    body = {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines]}
    buyer = desk.world.token(role="dealer_buyer", dealer_id="D0001")
    return desk.world.call("orders", "POST", "/orders", body=body, token=buyer, key=key)


def reads_of(desk: Desk, key: str) -> list[frozenset[str]]:
    """The keys of every batched read an order of everything makes."""
    with recorded() as uses:
        assert order(desk, *((sku, 1) for sku in SKUS), key=key).status == 202
    return [use.keys for use in uses if use.action == "dynamodb:BatchGetItem"]


def forget_the_assortment(*, but: str | None = None) -> None:
    """As the table was before there were pages, or with the page of one SKU alone."""
    kept = assortment_page_key(page_of(but)) if but else None
    keys = [ASSORTMENT_KEY, *(assortment_page_key(page_of(sku)) for sku in SKUS)]
    for key, item in fetch(keys).items():
        if key != kept and (but is None or key != ASSORTMENT_KEY):
            item.delete()


def test_the_pages_say_what_the_products_say(desk: Desk) -> None:
    products = (ProductItem.get(*product_key(sku)) for sku in SKUS)
    assert listings_of(SKUS) == {product.sku: Listing.of(product) for product in products}
    assert listings_of(["NOPE"]) == {}


def test_a_process_reads_a_page_once_and_a_price_once(desk: Desk) -> None:
    first, second = reads_of(desk, "first"), reads_of(desk, "second")
    assert len(first) > 1
    assert second == [frozenset({"DEALER#D0001", "ORDERING#D0001", "ASSORTMENT", "PRICELIST#A"})]


def test_a_changed_product_counts_from_the_next_order_on_and_only_its_page_is_read_again(desk: Desk) -> None:
    reads_of(desk, "first")
    assert desk.import_products(row("L-07", order_multiple=6)).json["changed"] == 1
    refused = order(desk, ("L-07", 5), ("L-08", 5), key="odd")
    assert (refused.status, [one["field"] for one in refused.json["errors"]]) == (422, ["lines.0.quantity"])
    with recorded() as uses:
        assert order(desk, ("L-07", 6), ("L-08", 5), key="even").status == 202
    assert not any(key.startswith("ASSORTMENT#") for use in uses for key in use.keys)


def test_everything_that_keeps_a_line_from_being_ordered_is_named_at_once_and_nothing_is_written(desk: Desk) -> None:
    changed = row("L-07", order_multiple=6), row("L-08", status="discontinued", successor="L-09"), row("M-01")
    desk.import_products(*changed)
    before = desk.world.snapshot()
    lines = ("L-07", 5), ("L-08", 1), ("M-01", 1), ("NOPE", 1), ("L-01", 1_000_000), ("L-02", 1), ("L-01", 1)
    refused = order(desk, *lines, key="k")
    assert refused.status == 422
    assert [(one["field"], one["code"]) for one in refused.json["errors"]] == [
        ("lines.0.quantity", "not-a-multiple"),
        ("lines.1.sku", "discontinued"),
        ("lines.2.sku", "not-in-price-list"),
        ("lines.3.sku", "unknown-sku"),
        ("lines.4.quantity", "too-many"),
        ("lines.6.quantity", "too-many"),
    ]
    assert "L-09" in refused.json["errors"][1]["detail"]
    assert desk.world.snapshot() == before


def test_new_prices_count_from_the_next_order_on(desk: Desk) -> None:
    assert order(desk, ("L-01", 2), key="first").json["gross_fen"] == 2500
    desk.price_list("A", *(price(sku, "9.99") for sku in SKUS[:5]), version=2)
    assert order(desk, ("L-01", 2), key="second").json["gross_fen"] == 1998
    gone = order(desk, ("L-09", 2), key="third")
    assert [one["code"] for one in gone.json["errors"]] == ["not-in-price-list"]


def test_a_dealer_whose_list_changed_pays_by_the_new_one_at_once(desk: Desk) -> None:
    order(desk, ("L-01", 2), key="first")
    desk.price_list("B", *(price(sku, "8") for sku in SKUS))
    have_dealer("D0001", price_list="B")
    assert order(desk, ("L-01", 2), key="second").json["gross_fen"] == 1600


def test_a_catalogue_imported_before_there_were_pages_can_be_ordered_from_and_gets_them_with_its_next_file(
    desk: Desk,
) -> None:
    forget_the_assortment()
    before = listings_of(SKUS)
    assert order(desk, ("L-01", 2), ("L-39", 1), key="first").status == 202
    answer = desk.import_products(*(row(sku) for sku in SKUS))
    assert answer.json == {"received": 40, "created": 0, "changed": 0, "unchanged": 40}
    with recorded() as uses:
        assert listings_of(SKUS) == before
    assert not any(key.startswith("PRODUCT#") for use in uses for key in use.keys)


def test_a_page_that_was_lost_is_written_by_the_next_file_and_nothing_else_changes(desk: Desk) -> None:
    sku_indexes, before = desk.sku_indexes(), listings_of(SKUS)
    forget_the_assortment(but="L-00")
    desk.import_products(*(row(sku) for sku in SKUS))
    assert (desk.sku_indexes(), listings_of(SKUS)) == (sku_indexes, before)


def test_a_page_that_changed_and_was_lost_is_not_taken_as_it_was_read_before(desk: Desk) -> None:
    reads_of(desk, "first")
    desk.import_products(row("L-07", status="discontinued"))
    fetch([assortment_page_key(page_of("L-07"))]).popitem()[1].delete()
    refused = order(desk, ("L-07", 5), key="second")
    assert [one["code"] for one in refused.json["errors"]] == ["discontinued"]


def test_of_two_imports_at_once_neither_takes_a_product_off_its_page(desk: Desk) -> None:
    def other_import() -> None:
        assert desk.import_products(*(row(f"M-{number:02d}") for number in range(40))).status == 200

    with before_commit(0, other_import):
        assert desk.import_products(*(row(f"N-{number:02d}") for number in range(40))).status == 200
    assert set(listings_of(desk.sku_indexes())) == set(desk.sku_indexes())
    pages = [key for use in _uses_of_listing(desk) for key in use]
    assert not any(key.startswith("PRODUCT#") for key in pages)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commit", range(3))
def test_an_import_that_breaks_off_leaves_pages_that_say_what_the_products_say(
    desk: Desk, commit: int, after: bool
) -> None:
    wordy = [row(sku, tax_percent=9, name_en=" ".join(f"{word}-{sku}" for word in "abcdef")) for sku in (*SKUS, "L-99")]
    with pytest.raises(Killed), killed_at(commit, after=after):
        desk.import_products(*wordy, key="k")
    known = desk.sku_indexes()
    products = (ProductItem.get(*product_key(sku)) for sku in known)
    assert listings_of(known) == {product.sku: Listing.of(product) for product in products}


def _uses_of_listing(desk: Desk) -> list[frozenset[str]]:
    with recorded() as uses:
        listings_of(desk.sku_indexes())
    return [use.keys for use in uses]
