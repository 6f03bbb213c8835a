"""Stored sourcing rule of a warehouse."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch_one


# P  sourcing rule of a warehouse   pk: STOCK#<warehouse>   sk: SOURCING
class SourcingRuleItem(Item, discriminator="sourcing"):
    """Alternates of a warehouse in the order of preference."""

    alternates: JSONAttribute = JSONAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


def sourcing_rule_key(warehouse: str) -> Key:
    """Key of the sourcing rule of a warehouse."""
    return f"STOCK#{warehouse}", "SOURCING"


def alternate_warehouses(warehouse: str) -> list[str]:
    """Load the alternates of a warehouse in the order of preference."""
    item = fetch_one(SourcingRuleItem, sourcing_rule_key(warehouse))
    return list(item.alternates) if item else []
