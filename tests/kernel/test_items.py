"""Items: their kinds, their attributes, and compressed JSON."""

from __future__ import annotations

import zlib

import pytest
from pynamodb.exceptions import AttributeNullError

from kernel.store.items import Item
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from tests.kernel.sample_items import JarItem, LidItem, jar
from tests.support.world import World


def test_packed_json_returns_its_value_and_is_stored_small(world: World) -> None:
    notes = [{"line": number, "name": "灯带 5米", "price": "12.50", "more": None} for number in range(500)]
    jar("a", notes=notes).save()
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found is not None
    assert found.notes == notes
    assert len(world.snapshot()["JARS a"]) < 10_000


def test_packed_json_is_decompressed_at_first_access_only(world: World) -> None:
    jar("a", notes=[1]).save()
    raw = world.find(("JARS", "a"))
    assert raw is not None
    damaged = Item.from_raw_data({**raw, "notes": {"B": b"not compressed"}})
    assert damaged.serialize()["notes"] == {"B": b"not compressed"}
    with pytest.raises(zlib.error):
        assert damaged.notes


def test_stored_item_becomes_its_kind_with_defaults_for_absent_fields(world: World) -> None:
    raw = {"pk": {"S": "JARS"}, "sk": {"S": "a"}, "kind": {"S": "test_jar"}, "of a later version": {"S": "?"}}
    found = Item.from_raw_data(raw)
    assert isinstance(found, JarItem) and (found.pieces, found.label, found.notes) == (0, None, None)
    with pytest.raises(ValueError, match="no LidItem"):
        LidItem.from_raw_data(raw)


def test_item_rejects_unknown_missing_and_mistyped_fields(world: World) -> None:
    with pytest.raises(TypeError, match="no shape"):
        jar("a", shape="round")
    transaction = Transaction()
    with pytest.raises(AttributeNullError, match="colour"):
        transaction.create(LidItem("JARS", "a"), "lid")
    with pytest.raises(TypeError):
        transaction.create(jar("a", pieces=1.5), "jar")  # type: ignore[arg-type]
    assert not len(transaction)


def test_table_name_is_read_from_environment_at_first_call(world: World) -> None:
    jar("a").save()
    assert [item["kind"] for item in world.items("JARS")] == ["test_jar"]
