"""What AWS calls cost, computed from the sizes of the items as the cloud bills them (the emulators' figures are flat).

Published rule: an item's size is the UTF-8 length of its names and values; a write costs a unit per begun KB, twice
that in a transaction, and again for each index entry that comes, changes or goes; a read costs a unit per begun 4 KB,
half where it may be stale.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from unittest.mock import patch

from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models.dynamo_type import DynamoType
from pynamodb.connection import Connection

from tests import read_units
from tests.read_units import item_bytes
from tests.world import World

_KB = 1024


@dataclass
class Bill:
    """What was used: units, calls by operation, CPU seconds of our own process without the pretended AWS."""

    write_units: float = 0
    read_units: float = 0
    calls: Counter[str] = field(default_factory=Counter)
    cpu_seconds: float = 0


@contextmanager
def metered(world: World) -> Iterator[Bill]:
    """Meter everything done inside."""
    bill, not_ours = Bill(), [0.0]
    dispatch: Any = Connection.dispatch
    stub: Any = BotocoreStubber.__call__

    def billed(connection: Connection, operation: str, parameters: dict[str, Any]) -> Any:
        began = time.process_time()
        keys = _writes(operation, parameters)
        before = [_item(world, key) for key, _ in keys]
        not_ours[0] += time.process_time() - began
        answer = dispatch(connection, operation, parameters)
        began = time.process_time()
        for (key, factor), old in zip(keys, before, strict=True):
            bill.write_units += _write_units(old, _item(world, key), factor)
        not_ours[0] += time.process_time() - began
        return answer

    def stubbed(self: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        began = time.process_time()
        try:
            return stub(self, event_name, request, **more)
        finally:
            not_ours[0] += time.process_time() - began
            bill.calls[event_name.removeprefix("before-send.")] += 1

    began = time.process_time()
    with (
        patch.object(Connection, "dispatch", billed),
        patch.object(BotocoreStubber, "__call__", stubbed),
        read_units.metered() as reads,
    ):
        yield bill
    bill.cpu_seconds = time.process_time() - began - not_ours[0]
    bill.read_units = reads.units


def _units(item: dict[str, Any] | None) -> int:
    return ceil(item_bytes(item) / _KB) if item else 0


def _item(world: World, key: dict[str, Any]) -> dict[str, Any] | None:
    found = world.table.items.get(DynamoType(key["pk"]), {}).get(DynamoType(key["sk"]))
    return found.to_json()["Attributes"] if found else None


_Write = tuple[dict[str, Any], int]


def _writes(operation: str, parameters: dict[str, Any]) -> list[_Write]:
    """Keys written and the factor of each."""
    if operation == "TransactWriteItems":
        acts = [next(iter(action.values())) for action in parameters["TransactItems"]]
        return [(act.get("Key") or _key_of(act["Item"]), 2) for act in acts]
    if operation in {"UpdateItem", "DeleteItem"}:
        return [(parameters["Key"], 1)]
    return [(_key_of(parameters["Item"]), 1)] if operation == "PutItem" else []


def _key_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"pk": item["pk"], "sk": item["sk"]}


def _write_units(old: dict[str, Any] | None, new: dict[str, Any] | None, factor: int) -> int:
    return factor * max(_units(old), _units(new), 1) + _index_units(old, new)


def _index_units(old: dict[str, Any] | None, new: dict[str, Any] | None) -> int:
    """An entry that comes or goes costs its size; one that moves both; one that stays its size if changed."""
    was, is_now = (item if item and "gsi1pk" in item else None for item in (old, new))
    if (
        was
        and is_now
        and [was[name] for name in ("gsi1pk", "gsi1sk")] == [is_now[name] for name in ("gsi1pk", "gsi1sk")]
    ):
        return _units(is_now) if was != is_now else 0
    return _units(was) + _units(is_now)
