"""Publish and show the allocation rule of a warehouse."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.store.write import replace_version
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.allocation.api import AllocationRuleView, PublishAllocationRule
from services.orders.allocation.items import AllocationRuleItem, allocation_rule_key
from services.orders.allocation.load_allocation_rule import load_allocation_rule


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
        **warehouse_names(warehouse),
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
