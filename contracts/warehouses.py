"""Read model of warehouses: the master of every field that names one. Only orders writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pynamodb.attributes import JSONAttribute

from kernel.store.items import IntegerAttribute, Item, Key

#: Key of the one item with all warehouses: a check of any of them is one read.
WAREHOUSES_KEY: Key = ("WAREHOUSES", "WAREHOUSES")


class Warehouse(NamedTuple):
    """Warehouse as it was published last. An inactive one takes no receipts and serves no dealers.

    `version` grows with each publication, `changed_by` made this one for `reason`. `escalation_contact`: user name of
    the person of head office who gets a text when an urgent order for it is not decided in time.
    """

    warehouse_id: str
    name_zh: str
    name_en: str
    active: bool
    version: int
    changed_by: str
    reason: str
    escalation_contact: str | None = None


# P  all warehouses   pk: WAREHOUSES   sk: WAREHOUSES
class WarehousesItem(Item, discriminator="warehouses"):
    """All warehouses of the distributor.

    `rows`: {id: the other fields of `Warehouse` in their order}; `revision` counts the writes of the item.
    """

    rows: JSONAttribute = JSONAttribute()
    revision = IntegerAttribute()

    @property
    def by_id(self) -> dict[str, Warehouse]:
        """The warehouses by id, in the order of their ids."""
        return {warehouse_id: Warehouse(warehouse_id, *self.rows[warehouse_id]) for warehouse_id in sorted(self.rows)}


def warehouses_item(warehouses: Iterable[Warehouse], revision: int) -> WarehousesItem:
    """Return the item that stores all warehouses."""
    rows = {warehouse.warehouse_id: list(warehouse[1:]) for warehouse in warehouses}
    return WarehousesItem(*WAREHOUSES_KEY, rows=rows, revision=revision)
