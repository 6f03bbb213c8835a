from __future__ import annotations

import pytest

from tests.catalog.desk import Desk, row
from tests.interruptions import Killed, before_commit, before_every_commit, killed_at
from tests.world import World, opened

#: Each with so many words of its own that a transaction holds only a few products.
FILE = [row(f"DL-{n:03d}", name_en=" ".join(f"{word}{n}" for word in "abcdefgh")) for n in range(30)]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_an_imported_product_is_shown_as_the_file_says(desk: Desk) -> None:
    answer = desk.import_products(
        row(
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
    assert desk.show("TD3-09-30KT").json == {
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
        "price": None,
        "availability": None,
    }


def test_the_same_file_again_writes_nothing(desk: Desk) -> None:
    desk.import_products(*FILE)
    before = desk.products_and_prices()
    answer = desk.import_products(*FILE)
    assert answer.json == {"received": 30, "created": 0, "changed": 0, "unchanged": 30}
    assert desk.products_and_prices() == before


def test_a_changed_row_changes_that_product_alone_and_keeps_its_sku_index(desk: Desk) -> None:
    desk.import_products(*FILE)
    sku_indexes, before = desk.sku_indexes(), desk.products_and_prices()
    answer = desk.import_products(*FILE[:4], {**FILE[4], "carton": 99}, row("NEW-1"))
    assert answer.json == {"received": 6, "created": 1, "changed": 1, "unchanged": 4}
    assert desk.sku_indexes() == {**sku_indexes, "NEW-1": 30}
    touched = {key for key, item in desk.products_and_prices().items() if before.get(key) != item}
    assert {key for key in touched if key.startswith("PRODUCT#")} == {"PRODUCT#DL-004 PRODUCT", "PRODUCT#NEW-1 PRODUCT"}


def test_slots_are_given_in_the_order_of_the_file_without_a_gap(desk: Desk) -> None:
    desk.import_products(*FILE)
    desk.import_products(row("B"), row("A"))
    assert desk.sku_indexes() == {**{one["sku"]: number for number, one in enumerate(FILE)}, "B": 30, "A": 31}


@pytest.mark.parametrize("commit", range(5))
def test_two_imports_at_once_never_share_a_sku_index(desk: Desk, commit: int) -> None:
    def other_import() -> None:
        assert desk.import_products(*[row(f"X-{number:03d}") for number in range(12)], *FILE[20:25]).status == 200

    with before_commit(commit, other_import):
        answer = desk.import_products(*FILE)
    assert answer.status == 200
    assert sorted(desk.sku_indexes().values()) == list(range(42))
    assert sorted(desk.skus(text="led")) == sorted(desk.sku_indexes())


def test_an_import_that_others_never_let_through_says_so_and_can_be_sent_again(desk: Desk) -> None:
    others = iter(range(100))

    def another_import() -> None:
        assert desk.import_products(row(f"X-{next(others):03d}")).status == 200

    with before_every_commit(another_import):
        answer = desk.import_products(*FILE, key="k")
    assert (answer.status, answer.json["code"]) == (409, "busy")
    assert not any(sku.startswith("DL-") for sku in desk.sku_indexes())
    assert desk.import_products(*FILE, key="k").json["created"] == 30


def test_an_import_that_broke_off_anywhere_is_finished_by_sending_it_again() -> None:
    changed = [*({**one, "name_zh": "射灯", "category": "射灯"} for one in FILE[:10]), *FILE[10:], row("NEW-1")]

    def whole(number: int | None, after: bool) -> tuple[dict[str, str], bool]:
        with opened() as world:
            desk = Desk(world)
            desk.import_products(*FILE[:15])
            broke_off = False
            if number is not None:
                try:
                    with killed_at(number, after=after):
                        desk.import_products(*changed, key="k")
                except Killed:
                    broke_off = True
            assert desk.import_products(*changed, key="k").status == 200
            return desk.products_and_prices(), broke_off

    uninterrupted, _ = whole(None, after=False)
    for after in (False, True):
        number = 0
        while True:
            ended, broke_off = whole(number, after)
            assert ended == uninterrupted, f"killed at transaction {number}, after={after}"
            if not broke_off:
                break
            number += 1
        assert number > 3


def test_every_problem_of_every_row_is_told_at_once_and_nothing_is_written(desk: Desk) -> None:
    desk.import_products(row("OLD-1"))
    before = desk.world.snapshot()
    answer = desk.import_products(
        row("A-1"),
        row("A-2", carton=0, colour="red"),
        row("A-1"),
        row("A 4", tax_percent=True),
        row("A-5", status="gone"),
        {"sku": "A-2"},
    )
    assert (answer.status, answer.json["code"]) == (422, "invalid-fields")
    assert {(one["field"], one["code"]) for one in answer.json["errors"]} >= {
        ("products.1.carton", "greater_than_equal"),
        ("products.1.colour", "extra_forbidden"),
        ("products.2.sku", "repeated"),
        ("products.3.sku", "string_pattern_mismatch"),
        ("products.3.tax_percent", "int_type"),
        ("products.4.status", "literal_error"),
        ("products.5.name_zh", "missing"),
        ("products.5.sku", "repeated"),
    }
    assert desk.world.snapshot() == before


def test_a_discontinued_product_stays_visible_with_its_successor_which_must_exist(desk: Desk) -> None:
    old, new = row("DL2-09", status="discontinued", successor="DL3-09"), row("DL3-09")
    before = desk.world.snapshot()
    refused = desk.import_products(old, row("DL2-10", successor="DL2-10"))
    assert [(one["field"], one["code"]) for one in refused.json["errors"]] == [
        ("products.0.successor", "unknown-sku"),
        ("products.1.successor", "successor-of-active"),
    ]
    assert desk.world.snapshot() == before
    assert desk.import_products(old, new).json["created"] == 2
    [shown] = desk.look(text="dl2").json["products"]
    assert (shown["status"], shown["successor"]) == ("discontinued", "DL3-09")


def test_a_file_of_more_than_500_rows_is_refused(desk: Desk) -> None:
    answer = desk.import_products(*[row(f"S-{number}") for number in range(501)])
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "products")
    assert desk.sku_indexes() == {}


def test_a_key_gives_the_same_answer_again_and_is_refused_with_another_file(desk: Desk) -> None:
    first = desk.import_products(*FILE[:3], key="k")
    assert desk.import_products(*FILE[:3], key="k").json == first.json
    before = desk.world.snapshot()
    other = desk.import_products(row("Z-1"), key="k")
    assert (other.status, other.json["code"]) == (422, "idempotency-key-reused")
    assert desk.world.snapshot() == before


def test_dealers_cannot_import(desk: Desk) -> None:
    desk.clerk = desk.world.token(role="dealer_admin", dealer_id="D0001")
    assert desk.import_products(*FILE[:1]).status == 403
    assert desk.sku_indexes() == {}


def test_a_file_with_its_specs_in_another_order_is_the_same_request(desk: Desk) -> None:
    first = desk.import_products(row("Z-1", specs={"a": "1", "b": "2"}), key="k")
    again = desk.import_products(row("Z-1", specs={"b": "2", "a": "1"}), key="k")
    assert (again.status, again.text) == (200, first.text)
