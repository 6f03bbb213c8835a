"""Invariants of master data: every stored reference names something its master has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from contracts.catalog import PriceListItem
from contracts.dealers import DealerItem
from contracts.grades import Grade
from contracts.references import REFERENCE_FIELDS, Master
from contracts.warehouses import Warehouse, WarehousesItem
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.store.items import Item
from services.orders.sourcing.items import SourcingRuleItem

#: First segments of the partition keys whose second segment is a warehouse.
_OF_WAREHOUSE = ("BUCKET", "STOCK")


def references_name_known_masters(snapshot: Snapshot) -> Iterator[Finding]:
    """Find stored fields and partitions that name a warehouse, a grade or a price list that the master does not have.

    Every kind of item is looked at: a field is known as a reference by its name.
    """
    known: Mapping[Master, Set[str]] = {
        Master.WAREHOUSE: snapshot.cached(_warehouses).keys(),
        Master.GRADE: set(Grade),
        Master.PRICE_LIST: {item.price_list_id for item in snapshot.items(PriceListItem)},
    }
    for kind in Item.kind.get_registered_subclasses(Item):
        names = sorted(kind.get_attributes().keys() & REFERENCE_FIELDS.keys())
        for item in snapshot.items(kind):
            for name in names:
                master = REFERENCE_FIELDS[name]
                for code in codes_in(getattr(item, name)):
                    if code not in known[master]:
                        yield Finding(f"unknown-{master.replace('_', '-')}", f"{item.pk} {item.sk}", f"{name} {code}")
            prefix, _, rest = item.pk.partition("#")
            warehouse = rest.partition("#")[0]
            if prefix in _OF_WAREHOUSE and warehouse not in known[Master.WAREHOUSE]:
                yield Finding("unknown-warehouse", f"{item.pk} {item.sk}", "its partition")


def inactive_warehouses_are_unused(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers and sourcing rules that name a warehouse that is no longer used."""
    inactive = {name for name, warehouse in snapshot.cached(_warehouses).items() if not warehouse.active}
    for dealer in snapshot.items(DealerItem):
        if dealer.warehouse in inactive:
            yield Finding("inactive-warehouse", f"{dealer.pk} {dealer.sk}", f"warehouse {dealer.warehouse}")
    for rule in snapshot.items(SourcingRuleItem):
        for alternate in rule.alternates:
            if alternate in inactive:
                yield Finding("inactive-warehouse", f"{rule.pk} {rule.sk}", f"alternates {alternate}")


def codes_in(value: Any) -> Iterable[str]:
    """Return the codes in a reference field: the code, the entries of a list, or the keys of a mapping."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _warehouses(snapshot: Snapshot) -> Mapping[str, Warehouse]:
    return {name: warehouse for item in snapshot.items(WarehousesItem) for name, warehouse in item.by_id.items()}
