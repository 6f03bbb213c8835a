"""Snapshots of a world's table as the audit reads it."""

from __future__ import annotations

from kernel.store.items import Item
from tests.fast_aws.items import Item as RawItem
from tests.support.world import World
from tools.audit import Snapshot
from tools.audit.stored_items import read_items

#: Some ten tables of a test.
_MAX_REMEMBERED = 5_000


def snapshot(world: World) -> Snapshot:
    """Return the snapshot of a world's table."""
    return Snapshot(item for _, raw in world.cloud.rows() for item in _stored(raw))


def _stored(raw: RawItem) -> list[Item]:
    """Return an item as the audit reads it; none of an unknown kind.

    Stored items are never changed in place, and rules change none. So an item that was audited before is read from
    what its attributes were decoded to.
    """
    remembered = _remembered.get(id(raw))
    if remembered is None:
        if len(_remembered) == _MAX_REMEMBERED:
            _remembered.clear()
        # The raw item stays referenced, so that no other one gets its id.
        remembered = _remembered[id(raw)] = raw, list(read_items([raw]))
    return remembered[1]


_remembered: dict[int, tuple[RawItem, list[Item]]] = {}
