"""Every field of every row of every import: left out it is unchanged, null clears it or is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.http.partial_rows import PartialRow
from services.catalog.prices.api import PriceRow
from tests.imports.row_kinds import ROW_KINDS, RowKind, rows_of_routes
from tests.support.world import World, opened

FIELDS = [(kind, field) for kind in ROW_KINDS for field in kind.fields]
IDS = [f"{kind}.{field}" for kind, field in FIELDS]


def as_stored(value: Any) -> Any:
    """Return the value of a row as it is compared: without order, and of the rows inside it only their names."""
    if isinstance(value, list | tuple | set):
        names = ("username", "quantity")
        rows = [next(row[name] for name in names if name in row) if isinstance(row, dict) else row for row in value]
        return set(rows)
    return value


def stored(kind: RowKind, world: World) -> dict[str, Any]:
    found = kind.read(world)
    assert found is not None
    return {field: as_stored(found[field]) for field in kind.fields}


def send_first(kind: RowKind, world: World) -> dict[str, Any]:
    """Import the first row and return what is stored of it."""
    kind.prepare(world)
    answer = kind.send(world, kind.first)
    assert answer.status == 200, answer.json
    before = stored(kind, world)
    assert before == {field: as_stored(kind.first[field]) for field in kind.fields}
    return before


def test_every_import_takes_partial_rows_that_are_tested_here() -> None:
    partial = {
        (route, model)
        for route, models in rows_of_routes().items()
        for model in models
        if issubclass(model, PartialRow)
    }
    assert partial == {(kind.route, kind.model) for kind in ROW_KINDS}
    imports = {route: models for route, models in rows_of_routes().items() if "/imports/" in route}
    assert len(imports) == 3
    for route, models in imports.items():
        assert models and all(issubclass(model, PartialRow) for model in models), route


@pytest.mark.parametrize("kind", ROW_KINDS, ids=str)
def test_both_rows_of_a_kind_name_every_field_with_other_values(kind: RowKind) -> None:
    assert list(kind.first) == list(kind.second) == list(kind.model.model_fields)
    assert [field for field in kind.fields if kind.first[field] == kind.second[field]] == []
    assert kind.first[kind.name] == kind.second[kind.name]


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
def test_field_left_out_is_unchanged(fast_world: World, kind: RowKind, field: str) -> None:
    before = send_first(kind, fast_world)
    others = [name for name in kind.fields if name not in (field, *TOGETHER.get(field, ()))]
    answer = kind.send(fast_world, kind.part(kind.second, *others))
    assert answer.status == 200, answer.json
    after = stored(kind, fast_world)
    assert after[field] == before[field]
    assert all(after[name] >= as_stored(kind.second[name]) for name in others if isinstance(after[name], set))
    plain = [name for name in others if not isinstance(after[name], set)]
    assert {name: after[name] for name in plain} == {name: as_stored(kind.second[name]) for name in plain}


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
def test_null_clears_the_field_or_is_refused_by_its_name(fast_world: World, kind: RowKind, field: str) -> None:
    before = send_first(kind, fast_world)
    answer = kind.send(fast_world, {**kind.part(kind.first), field: None})
    if field == REMOVES.get(kind.model):
        assert (answer.status, kind.read(fast_world)) == (200, None)
    elif answer.status == 200:
        assert field in kind.model.WHEN_NEW
        assert stored(kind, fast_world) == before | {field: as_stored(kind.model.WHEN_NEW[field])}
    else:
        assert (answer.status, [error["field"].split(".")[-1] for error in answer.json["errors"]]) == (422, [field])
        assert stored(kind, fast_world) == before


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
def test_new_thing_without_a_field_is_refused_or_gets_its_default(fast_world: World, kind: RowKind, field: str) -> None:
    kind.prepare(fast_world)
    before = fast_world.snapshot()
    others = [name for name in kind.fields if name not in (field, *TOGETHER.get(field, ()))]
    answer = kind.send(fast_world, kind.part(kind.first, *others))
    if field in kind.model.WHEN_NEW and answer.status == 200:
        assert stored(kind, fast_world)[field] == as_stored(kind.model.WHEN_NEW[field])
        return
    [error] = answer.json["errors"]
    assert (answer.status, error["field"].split(".")[-1]) == (422, field)
    assert kind.first[kind.name] in error["detail"] or field == "users"
    assert fast_world.snapshot() == before


@pytest.mark.parametrize("kind", ROW_KINDS, ids=str)
def test_new_thing_with_its_name_only_is_refused_with_all_required_fields(fast_world: World, kind: RowKind) -> None:
    kind.prepare(fast_world)
    before = fast_world.snapshot()
    answer = kind.send(fast_world, kind.part(kind.first))
    named = [error["field"].split(".")[-1] for error in answer.json["errors"] if error["code"] == "missing"]
    assert (answer.status, named) == (422, [field for field in kind.fields if field not in kind.model.WHEN_NEW])
    assert fast_world.snapshot() == before


@pytest.mark.parametrize("kind", ROW_KINDS, ids=str)
def test_row_with_its_name_only_changes_nothing(fast_world: World, kind: RowKind) -> None:
    before = send_first(kind, fast_world)
    assert kind.send(fast_world, kind.part(kind.first)).status == 200
    assert stored(kind, fast_world) == before


@pytest.mark.parametrize("kind", ROW_KINDS, ids=str)
def test_any_part_of_a_row_changes_what_it_names_only(kind: RowKind) -> None:
    with opened(fast=True) as world:
        kind.prepare(world)

        @settings(max_examples=40, deadline=None)
        @given(st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from(kind.fields))), min_size=1, max_size=4))
        def check(steps: list[tuple[bool, set[str]]]) -> None:
            assert kind.send(world, kind.first).status == 200
            expected = stored(kind, world)
            for second, fields in steps:
                row = kind.part(kind.second if second else kind.first, *fields)
                answer = kind.send(world, row)
                if answer.status == 200:
                    for field in fields:
                        value = as_stored(row[field])
                        expected[field] = expected[field] | value if field == "users" else value
                else:
                    assert {error["code"] for error in answer.json["errors"]} == {"successor-of-active"}, answer.json
                assert stored(kind, world) == expected

        check()


@pytest.mark.parametrize("kind", ROW_KINDS, ids=str)
def test_null_and_absence_are_different_requests(kind: RowKind) -> None:
    clearable = next(field for field in kind.model.WHEN_NEW)
    absent = kind.model.model_construct(_fields_set={kind.name}, **{kind.name: "X"})
    null = kind.model.model_construct(_fields_set={kind.name, clearable}, **{kind.name: "X", clearable: None})
    assert absent.model_dump_json(exclude_defaults=True) != null.model_dump_json(exclude_defaults=True)
    assert absent.changes == {kind.name: "X"}
    assert null.changes == {kind.name: "X", clearable: kind.model.WHEN_NEW[clearable]}


#: Fields that a row must name together: only a discontinued product has a successor.
TOGETHER = {"status": ("successor",), "successor": ("status",)}
#: Fields whose null removes the thing.
REMOVES: dict[type[PartialRow], str] = {PriceRow: "unit_price"}
