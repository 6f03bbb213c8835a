"""Stored sourcing rule of a warehouse."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.table import fetch_one


class SourcingRuleItem(Item, discriminator="sourcing"):
    """The warehouses that may serve an order its own is short of, in the order in which they are asked."""

    alternates: JSONAttribute = JSONAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


def sourcing_rule_key(warehouse: str) -> Key:
    """Who serves orders a warehouse is short of."""
    return f"STOCK#{warehouse}", "SOURCING"


def alternate_warehouses(warehouse: str) -> list[str]:
    """Load the warehouses that may serve an order this one is short of, in the order in which they are asked."""
    item = fetch_one(SourcingRuleItem, sourcing_rule_key(warehouse))
    return list(item.alternates) if item else []
