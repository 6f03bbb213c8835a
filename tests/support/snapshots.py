"""Snapshots of a world's table as the audit reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.store.items import Item
from tests.fast_aws.remembered import Remembered
from tests.support.world import World
from tools.audit import Snapshot
from tools.audit.stored_items import read_items

#: Some ten tables of a test.
_MAX_REMEMBERED = 5_000


def snapshot(world: World) -> Snapshot:
    """Return the snapshot of a world's table. No rule changes an item, so a later snapshot has the same objects."""
    return Snapshot(item for _, raw in world.cloud.rows() for item in _read(raw))


def _read_one(raw: Mapping[str, Any]) -> list[Item]:
    return list(read_items([raw]))


_read = Remembered(_read_one, _MAX_REMEMBERED)
