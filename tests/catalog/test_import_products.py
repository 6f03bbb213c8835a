"""Tests of the product import: repeated, concurrent and interrupted."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.catalog.fixtures import CatalogClient, product_row
from tests.support.interruptions import Killed, before_commit, before_every_commit, killed_at
from tests.support.world import World, opened

#: Each product has so many different words that a transaction has room for only a few products.
FILE = [product_row(f"DL-{n:03d}", name_en=" ".join(f"{word}{n}" for word in "abcdefgh")) for n in range(30)]


@pytest.fixture
def catalog(world: World) -> CatalogClient:
    return CatalogClient(world)


def test_imported_product_is_shown_with_all_fields_of_its_row(catalog: CatalogClient) -> None:
    answer = catalog.import_products(
        product_row(
            "TD3-09-30KT",
            name_zh="轨道射灯 9W",
            name_en="Track light 9W",
            category="轨道射灯",
            specs={"色温": "3000 K"},
            carton=24,
            order_multiple=2,
            tax_percent=9,
        )
    )
    assert (answer.status, answer.json) == (200, {"received": 1, "created": 1, "changed": 0, "unchanged": 0})
    assert catalog.show("TD3-09-30KT").json == {
        "sku": "TD3-09-30KT",
        "name_zh": "轨道射灯 9W",
        "name_en": "Track light 9W",
        "category": "轨道射灯",
        "specs": {"色温": "3000 K"},
        "carton": 24,
        "order_multiple": 2,
        "tax_percent": 9,
        "status": "active",
        "successor": None,
        "printed_sku": "TD3-09-30KT",
        "price": None,
        "availability": None,
    }


def test_repeated_import_writes_nothing(catalog: CatalogClient) -> None:
    catalog.import_products(*FILE)
    before = catalog.stored_catalogue()
    answer = catalog.import_products(*FILE)
    assert answer.json == {"received": 30, "created": 0, "changed": 0, "unchanged": 30}
    assert catalog.stored_catalogue() == before


def test_changed_row_changes_one_product_and_keeps_its_sku_index(catalog: CatalogClient) -> None:
    catalog.import_products(*FILE)
    sku_indexes, before = catalog.sku_indexes(), catalog.stored_catalogue()
    answer = catalog.import_products(*FILE[:4], {**FILE[4], "carton": 99}, product_row("NEW-1"))
    assert answer.json == {"received": 6, "created": 1, "changed": 1, "unchanged": 4}
    assert catalog.sku_indexes() == {**sku_indexes, "NEW-1": 30}
    touched = {key for key, item in catalog.stored_catalogue().items() if before.get(key) != item}
    assert {key for key in touched if key.startswith("PRODUCT#")} == {"PRODUCT#DL-004 PRODUCT", "PRODUCT#NEW-1 PRODUCT"}


def test_sku_indexes_follow_file_order_without_gap(catalog: CatalogClient) -> None:
    catalog.import_products(*FILE)
    catalog.import_products(product_row("B"), product_row("A"))
    assert catalog.sku_indexes() == {
        **{product["sku"]: number for number, product in enumerate(FILE)},
        "B": 30,
        "A": 31,
    }


@pytest.mark.parametrize("commit", range(5))
def test_concurrent_imports_never_share_a_sku_index(catalog: CatalogClient, commit: int) -> None:
    def other_import() -> None:
        assert (
            catalog.import_products(*[product_row(f"X-{number:03d}") for number in range(12)], *FILE[20:25]).status
            == 200
        )

    with before_commit(commit, other_import):
        answer = catalog.import_products(*FILE)
    assert answer.status == 200
    assert sorted(catalog.sku_indexes().values()) == list(range(42))
    assert sorted(catalog.search_all(text="led")) == sorted(catalog.sku_indexes())


def test_import_answers_busy_when_always_overtaken_and_can_be_repeated(catalog: CatalogClient) -> None:
    others = iter(range(100))

    def another_import() -> None:
        assert catalog.import_products(product_row(f"X-{next(others):03d}")).status == 200

    with before_every_commit(another_import):
        answer = catalog.import_products(*FILE, key="k")
    assert (answer.status, answer.json["code"]) == (409, "busy")
    assert not any(sku.startswith("DL-") for sku in catalog.sku_indexes())
    assert catalog.import_products(*FILE, key="k").json["created"] == 30


def test_interrupted_import_is_completed_by_repeating_it() -> None:
    changed = [*({**row, "name_zh": "射灯", "category": "射灯"} for row in FILE[:10]), *FILE[10:], product_row("NEW-1")]

    def import_interrupted(number: int | None, after: bool) -> tuple[dict[str, str], bool]:
        with opened() as world:
            catalog = CatalogClient(world)
            catalog.import_products(*FILE[:15])
            interrupted = False
            if number is not None:
                try:
                    with killed_at(number, after=after):
                        catalog.import_products(*changed, key="k")
                except Killed:
                    interrupted = True
            assert catalog.import_products(*changed, key="k").status == 200
            return catalog.stored_catalogue(), interrupted

    expected, _ = import_interrupted(None, after=False)
    for after in (False, True):
        number = 0
        while True:
            stored, interrupted = import_interrupted(number, after)
            assert stored == expected, f"killed at transaction {number}, after={after}"
            if not interrupted:
                break
            number += 1
        assert number > 3


def test_import_names_all_problems_of_all_rows_and_writes_nothing(catalog: CatalogClient) -> None:
    catalog.import_products(product_row("OLD-1"))
    before = catalog.world.snapshot()
    answer = catalog.import_products(
        product_row("A-1"),
        product_row("A-2", carton=0, colour="red"),
        product_row("ａ—1"),
        product_row("A@4", tax_percent=True),
        product_row("A-5", status="gone"),
        {"sku": "A-2"},
    )
    assert (answer.status, answer.json["code"]) == (422, "invalid-fields")
    assert {(error["field"], error["code"]) for error in answer.json["errors"]} >= {
        ("products.1.carton", "greater_than_equal"),
        ("products.1.colour", "extra_forbidden"),
        ("products.2.sku", "repeated"),
        ("products.3.sku", "malformed"),
        ("products.3.tax_percent", "int_type"),
        ("products.4.status", "literal_error"),
        ("products.5.sku", "repeated"),
    }
    assert catalog.world.snapshot() == before


def test_row_without_carton_and_english_name_is_imported_and_found(catalog: CatalogClient) -> None:
    assert catalog.import_products({"sku": "P-1", "name_zh": "三防灯", "category": "灯具"}).json["created"] == 1
    [shown] = catalog.search(text="三防灯").json["products"]
    assert (shown["carton"], shown["name_en"], shown["tax_percent"], shown["order_multiple"]) == (None, None, 13, 1)
    assert catalog.import_products({"sku": "P-1", "carton": 24, "name_en": "Tri-proof"}).json["changed"] == 1
    assert catalog.search(text="tri-proof").json["products"] == [shown | {"carton": 24, "name_en": "Tri-proof"}]


def test_active_row_is_refused_until_it_clears_the_successor(catalog: CatalogClient) -> None:
    catalog.import_products(product_row("NEW-1"), product_row("OLD-1", status="discontinued", successor="NEW-1"))
    refused = catalog.import_products({"sku": "OLD-1", "status": "active"})
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [
        ("products.0.successor", "successor-of-active")
    ]
    assert "NEW-1" in refused.json["errors"][0]["detail"]
    assert catalog.import_products({"sku": "OLD-1", "status": "active", "successor": None}).json["changed"] == 1


def test_discontinued_product_stays_visible_with_its_existing_successor(catalog: CatalogClient) -> None:
    old, new = product_row("DL2-09", status="discontinued", successor="DL3-09"), product_row("DL3-09")
    before = catalog.world.snapshot()
    refused = catalog.import_products(old, product_row("DL2-10", successor="DL2-10"))
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [
        ("products.0.successor", "unknown-sku"),
        ("products.1.successor", "successor-of-active"),
    ]
    assert catalog.world.snapshot() == before
    assert catalog.import_products(old, new).json["created"] == 2
    [shown] = catalog.search(text="dl2").json["products"]
    assert (shown["status"], shown["successor"]) == ("discontinued", "DL3-09")


def test_import_of_more_than_500_rows_is_refused(catalog: CatalogClient) -> None:
    answer = catalog.import_products(*[product_row(f"S-{number}") for number in range(501)])
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "products")
    assert catalog.sku_indexes() == {}


def test_idempotency_key_replays_response_and_refuses_another_file(catalog: CatalogClient) -> None:
    first = catalog.import_products(*FILE[:3], key="k")
    assert catalog.import_products(*FILE[:3], key="k").json == first.json
    before = catalog.world.snapshot()
    other = catalog.import_products(product_row("Z-1"), key="k")
    assert (other.status, other.json["code"]) == (422, "idempotency-key-reused")
    assert catalog.world.snapshot() == before


def test_dealers_cannot_import_products(catalog: CatalogClient) -> None:
    catalog.clerk = catalog.world.token(role="dealer_admin", dealer_id="D0001")
    assert catalog.import_products(*FILE[:1]).status == 403
    assert catalog.sku_indexes() == {}


def test_key_order_inside_specs_does_not_change_the_request(catalog: CatalogClient) -> None:
    first = catalog.import_products(product_row("Z-1", specs={"a": "1", "b": "2"}), key="k")
    again = catalog.import_products(product_row("Z-1", specs={"b": "2", "a": "1"}), key="k")
    assert (again.status, again.text) == (200, first.text)


def test_two_written_forms_of_a_sku_are_one_product(catalog: CatalogClient) -> None:
    repeated = catalog.import_products(product_row("CaseA"), product_row("B-1"), product_row("ＣＡＳＥＡ "))
    [problem] = repeated.json["errors"]
    assert (repeated.status, problem["field"], problem["code"]) == (422, "products.2.sku", "repeated")
    assert "products.0.sku(CaseA)" in problem["detail"]
    assert catalog.import_products(product_row("CaseA")).json["created"] == 1
    assert catalog.import_products(product_row("CASEA")).json == {
        "received": 1,
        "created": 0,
        "changed": 0,
        "unchanged": 1,
    }
    assert catalog.sku_indexes() == {"CASEA": 0}
    assert catalog.import_products({"sku": "casea", "printed_sku": "Case A"}).json["changed"] == 1
    assert catalog.show("casea").json["printed_sku"] == "Case A"
    other = catalog.import_products({"sku": "CASEA", "printed_sku": "CaseB"})
    assert (other.status, other.json["errors"][0]["code"]) == (422, "another-code")


@pytest.mark.parametrize(
    ("printed", "sku", "address"),
    [
        ("三防灯-1200", "三防灯-1200", "三防灯—1200"),
        ("JSD3*1W", "JSD3*1W", "jsd3×1w"),
        ("E14(暖白)", "E14(暖白)", "Ｅ14（暖白）"),
        ("T8-0.6M 9W", "T8-0.6M9W", "t8-0.6m 9w"),
        ("LED+驱动", "LED+驱动", "led＋驱动"),
        ("A/B-1", "A/B-1", "a／b-1"),
        ("3#灯", "3＃灯", "3＃灯"),
        ("CaseA", "CASEA", "casea"),
    ],
)
def test_sku_is_imported_and_shown_as_printed(catalog: CatalogClient, printed: str, sku: str, address: str) -> None:
    assert catalog.import_products(product_row(printed)).status == 200
    for written in (sku.replace("/", "／"), address):
        shown = catalog.show(quote(written)).json
        assert (shown["sku"], shown["printed_sku"]) == (sku, printed)
    before = catalog.stored_catalogue()
    assert catalog.import_products(product_row(printed)).json["unchanged"] == 1
    assert catalog.stored_catalogue() == before
