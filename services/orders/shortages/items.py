"""Shortage of a warehouse: reserved pieces that are not there, until they are taken from orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import fetch, fetch_one
from kernel.store.transaction import Transaction
from kernel.time import clock

#: Label of the actions that a transaction refuses when the shortage has changed since it was loaded.
SHORTAGE_LABEL = "shortage"


class ShortageCause(NamedTuple):
    """Document that found pieces missing: kind, number, and its reason in words."""

    document: str
    reference: str
    reason: str


class MissingSku(NamedTuple):
    """SKU of which reserved pieces are missing, with the last document that found so."""

    sku: str
    document: str
    reference: str
    reason: str


# P  open shortage of a warehouse   pk: STOCK#<warehouse>#SHORTAGE   sk: OPEN
class ShortageItem(Item, discriminator="shortage"):
    """Open shortage of a warehouse, deleted once it is settled. How much is missing, the buckets show (below 0).

    `document`: kind and number of the last count that changed it; `decisions`: how often was decided since who keeps
    its pieces. Both together name one state of the item and never return. `causes`: `MissingSku` by SKU index (as
    text). `keeps`: pieces that each order keeps, by order and SKU index, of the orders that lose some; absent until
    that is decided, by `rule`.
    """

    document = UnicodeAttribute()
    decisions = IntegerAttribute(default=0)
    since = UnicodeAttribute()
    causes = PackedJSONAttribute()
    keeps = PackedJSONAttribute(null=True)
    rule = UnicodeAttribute(null=True)

    @property
    def warehouse(self) -> str:
        """Warehouse in which pieces are missing."""
        return str(self.pk).split("#")[1]

    @property
    def by_sku_index(self) -> dict[int, MissingSku]:
        """SKUs of which pieces are missing, by SKU index."""
        return {int(sku_index): MissingSku(*cause) for sku_index, cause in self.causes.items()}

    def kept_by(self, order_id: str) -> dict[int, int]:
        """Return the pieces that an order keeps by SKU index, of the SKUs of which it loses some."""
        return {int(sku_index): pieces for sku_index, pieces in (self.keeps or {}).get(order_id, {}).items()}


def shortage_key(warehouse: str) -> Key:
    """Key of the open shortage of a warehouse."""
    return f"STOCK#{warehouse}#SHORTAGE", "OPEN"


def load_shortage(warehouse: str) -> ShortageItem | None:
    """Load the open shortage of a warehouse, None without one; consistent read."""
    return fetch_one(ShortageItem, shortage_key(warehouse))


def open_shortages(warehouses: Iterable[str]) -> list[ShortageItem]:
    """Load the open shortages of these warehouses; consistent read."""
    found = fetch(shortage_key(warehouse) for warehouse in warehouses).values()
    return [item for item in found if isinstance(item, ShortageItem)]


def record_shortage(
    transaction: Transaction,
    warehouse: str,
    open_one: ShortageItem | None,
    missing: Mapping[int, str],
    cause: ShortageCause,
) -> None:
    """Open a shortage in the transaction, or add to the open one; who keeps its pieces is then decided anew.

    Args:
        open_one: shortage as it was loaded; the transaction is refused with SHORTAGE_LABEL if it has changed.
        missing: SKUs by SKU index of which reserved pieces are missing.
    """
    causes = dict(open_one.causes) if open_one else {}
    causes |= {str(sku_index): list(MissingSku(sku, *cause)) for sku_index, sku in missing.items()}
    values: dict[str, Any] = {
        "document": f"{cause.document} {cause.reference}",
        "decisions": 0,
        "since": open_one.since if open_one else clock.stamp(),
        "causes": causes,
        "keeps": None,
        "rule": None,
    }
    expected = _as_read(open_one) if open_one else {"document": None}
    transaction.update_fields(ShortageItem, shortage_key(warehouse), values, expected=expected, label=SHORTAGE_LABEL)


def change_shortage(transaction: Transaction, shortage: ShortageItem, **values: Any) -> None:
    """Write the next decision about an open shortage in the transaction, unless the shortage has changed."""
    changed = {"decisions": shortage.decisions + 1, **values}
    transaction.update_fields(
        ShortageItem, (shortage.pk, shortage.sk), changed, expected=_as_read(shortage), label=SHORTAGE_LABEL
    )


def require_unchanged_shortage(transaction: Transaction, shortage: ShortageItem) -> None:
    """Add to the transaction the condition that the shortage is open and as it was loaded."""
    transaction.check(ShortageItem, (shortage.pk, shortage.sk), _unchanged(shortage), SHORTAGE_LABEL)


def close_shortage(transaction: Transaction, shortage: ShortageItem) -> None:
    """Delete a settled shortage in the transaction, unless it has changed since it was loaded."""
    transaction.delete(ShortageItem, (shortage.pk, shortage.sk), _unchanged(shortage), SHORTAGE_LABEL)


def _as_read(shortage: ShortageItem) -> dict[str, Any]:
    return {"document": shortage.document, "decisions": shortage.decisions}


def _unchanged(shortage: ShortageItem) -> Any:
    return (ShortageItem.document == shortage.document) & (ShortageItem.decisions == shortage.decisions)
