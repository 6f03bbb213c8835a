"""A warehouse's published rules: how it shares out what is short, and who serves orders it is short of."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key


class AllocationRuleItem(Item, discriminator="allocation_rule"):
    """How a warehouse shares out what is short. `quotas`: pieces per dealer and run by grade; `pack`: of shares."""

    rule = UnicodeAttribute()
    quotas: JSONAttribute = JSONAttribute()
    pack = IntegerAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


class SourcingRuleItem(Item, discriminator="sourcing"):
    """The warehouses that may serve an order its own is short of, in the order in which they are asked."""

    alternates: JSONAttribute = JSONAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


def allocation_rule_key(warehouse: str) -> Key:
    """How a warehouse shares out what is short."""
    return f"STOCK#{warehouse}", "RULE"


def sourcing_rule_key(warehouse: str) -> Key:
    """Who serves orders a warehouse is short of."""
    return f"STOCK#{warehouse}", "SOURCING"
