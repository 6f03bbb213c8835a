"""Publish and read the allocation rule of a warehouse."""

from __future__ import annotations

from typing import NamedTuple

from contracts.grades import Grade
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.store.write import replace_version
from reads.warehouses import require_warehouse_of_path
from services.orders.allocation.api import AllocationRuleView, PublishAllocationRule
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


def show_allocation_rule(warehouse: str) -> AllocationRuleView:
    """Show the allocation rule of a warehouse to any user.

    Raises:
        NotFound: there is no such warehouse.
    """
    require_warehouse_of_path(warehouse)
    rule = load_allocation_rule(warehouse)
    quotas = {grade.value: pieces for grade, pieces in rule.settings.quotas.items()}
    return AllocationRuleView(
        warehouse=warehouse,
        rule=rule.rule,
        quotas=quotas,
        pack=rule.settings.pack,
        version=rule.version,
        changed_by=rule.changed_by,
        reason=rule.reason,
    )


def publish_allocation_rule(caller: Principal, warehouse: str, request: PublishAllocationRule) -> AllocationRuleView:
    """Publish the allocation rule of a warehouse, from the next run on. A repeated request answers the same.

    Raises:
        NotFound: there is no such warehouse.
        Stale: another version is stored.
    """
    require_warehouse_of_path(warehouse)
    item = AllocationRuleItem(
        *allocation_rule_key(warehouse),
        rule=request.rule,
        quotas={grade.value: pieces for grade, pieces in request.quotas.items()},
        pack=request.pack,
        version=request.version + 1,
        changed_by=caller.name,
        reason=request.reason,
    )
    replace_version(item, request.version)
    return show_allocation_rule(warehouse)
