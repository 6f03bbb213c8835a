"""Load the allocation rule of a warehouse."""

from __future__ import annotations

from typing import NamedTuple

from contracts.grades import Grade
from kernel.store.read import fetch_one
from services.orders.allocation.items import AllocationRuleItem, allocation_rule_key
from services.orders.allocation.rules import AllocationRule, AllocationSettings


class PublishedAllocationRule(NamedTuple):
    """Allocation rule of a warehouse, by whom and why it was published. `version` 0: none was, so first come holds."""

    rule: AllocationRule
    settings: AllocationSettings
    version: int
    changed_by: str = ""
    reason: str = ""


def load_allocation_rule(warehouse: str) -> PublishedAllocationRule:
    """Load the allocation rule of a warehouse."""
    item = fetch_one(AllocationRuleItem, allocation_rule_key(warehouse))
    if item is None:
        return PublishedAllocationRule(AllocationRule.FIRST_COME, AllocationSettings(), 0)
    quotas = {Grade(grade): int(pieces) for grade, pieces in item.quotas.items()}
    settings = AllocationSettings(quotas, item.pack)
    return PublishedAllocationRule(
        AllocationRule(item.rule), settings, item.version, changed_by=item.changed_by, reason=item.reason
    )
