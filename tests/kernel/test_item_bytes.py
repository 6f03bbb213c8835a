"""Contract with PynamoDB: every kind of item is stored and read exactly as PynamoDB's own methods do.

`Item` bypasses PynamoDB's loop over all attributes (docs/adr/0015).
"""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.models import Model

from contracts.warehouses import WAREHOUSES_KEY
from kernel.store.items import IntegerAttribute, IntegerListAttribute, Item, PackedJSONAttribute
from kernel.store.transaction import Transaction
from tests.support.world import World
from tools import paths

_PARTS = ("kernel", "contracts", "reads", "infra", "services")

#: A value of each type of attribute. A new type needs one.
_SAMPLES: dict[type, Any] = {
    UnicodeAttribute: "灯带 5 m",
    UnicodeSetAttribute: {"甲", "乙"},
    IntegerAttribute: -1_234_567_890_123,
    BooleanAttribute: False,
    BinaryAttribute: b"\x00\xff\x01",
    JSONAttribute: {"b": [1, None, "二"], "a": {}},
    PackedJSONAttribute: [[1, 2], ["甲", None], {"c": True}],
    IntegerListAttribute: [0, -7, 1_000_000],
}


def item_kinds() -> list[type[Item]]:
    """Return every kind of item that the code defines."""
    for part in _PARTS:
        for file in sorted((paths.ROOT / part).rglob("*.py")):
            importlib.import_module(".".join(file.relative_to(paths.ROOT).with_suffix("").parts))
    kinds = [kind for kind in _subclasses(Item) if kind.__module__.partition(".")[0] in _PARTS]
    return sorted(kinds, key=lambda kind: kind.__name__)


def _subclasses(kind: type[Item]) -> list[type[Item]]:
    return [found for subclass in kind.__subclasses__() for found in (subclass, *_subclasses(subclass))]


def sample_values(kind: type[Item]) -> dict[str, Any]:
    """Return a value for every attribute except key and kind."""
    attributes = kind.get_attributes().items()
    return {name: _SAMPLES[type(attribute)] for name, attribute in attributes if name not in ("pk", "sk", "kind")}


def sample_item(kind: type[Item]) -> Item:
    return kind("SAMPLE", kind.__name__, **sample_values(kind))


def smallest_item(kind: type[Item]) -> Item:
    """Return an item with its required attributes only."""
    required = {name for name, attribute in kind.get_attributes().items() if not attribute.null}
    values = {name: value for name, value in sample_values(kind).items() if name in required}
    return kind("SAMPLE", kind.__name__, **values)


def values_read_by_pynamodb(kind: type[Item], stored: dict[str, Any]) -> dict[str, Any]:
    item = kind.__new__(kind)
    Model.deserialize(item, stored)
    return values_of(item)


def values_of(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.get_attributes()}


KINDS = item_kinds()


def test_kinds_of_items_are_found() -> None:
    assert len(KINDS) > 40


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_item_is_serialized_as_by_pynamodb(kind: type[Item]) -> None:
    item = sample_item(kind)
    assert item.serialize() == Model.serialize(item)
    assert item.serialize().keys() == kind.get_attributes().keys()
    smallest = smallest_item(kind)
    assert smallest.serialize() == Model.serialize(smallest)


def with_sorted_sets(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a stored item whose sets of text are in order."""
    return {
        name: {"SS": sorted(value["SS"])} if isinstance(value, dict) and "SS" in value else value
        for name, value in stored.items()
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_item_is_deserialized_as_by_pynamodb(kind: type[Item]) -> None:
    for item in (sample_item(kind), smallest_item(kind)):
        stored = Model.serialize(item)
        found = Item.from_raw_data(stored)
        assert type(found) is kind
        # Also while packed values are still compressed. A set has no order.
        assert with_sorted_sets(found.serialize()) == with_sorted_sets(stored)
        assert values_of(found) == values_of(item) == values_read_by_pynamodb(kind, stored)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_absent_attributes_are_read_as_by_pynamodb(kind: type[Item]) -> None:
    stored = {name: value for name, value in sample_item(kind).serialize().items() if name in ("pk", "sk", "kind")}
    assert values_of(Item.from_raw_data(stored)) == values_read_by_pynamodb(kind, stored)


def test_every_write_stores_items_as_by_pynamodb(world: World) -> None:
    for kind in KINDS:
        item = sample_item(kind)
        transaction = Transaction()
        transaction.create(item, "create")
        transaction.update_fields(kind, ("UPDATED", item.sk), sample_values(kind), label="update")
        transaction.commit()
    stored = {key: row for key, row in world.cloud.rows() if key != WAREHOUSES_KEY}
    assert len(stored) == 2 * len(KINDS)
    for kind in KINDS:
        expected = Model.serialize(sample_item(kind))
        assert stored["SAMPLE", kind.__name__] == expected
        assert stored["UPDATED", kind.__name__] == {**expected, "pk": {"S": "UPDATED"}}
