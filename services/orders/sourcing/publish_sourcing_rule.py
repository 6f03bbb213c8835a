"""Publish and show the alternates of a warehouse."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.store.write import replace_version
from reads.warehouses import require_warehouse_of_path, warehouse_names, warehouse_problems
from services.orders.sourcing.api import AlternateView, PublishSourcingRule, SourcingRuleView
from services.orders.sourcing.items import SourcingRuleItem, sourcing_rule_key


def show_sourcing_rule(warehouse: str) -> SourcingRuleView:
    """Show the alternates of a warehouse to any user.

    Raises:
        NotFound: there is no such warehouse.
    """
    require_warehouse_of_path(warehouse)
    item = fetch_one(SourcingRuleItem, sourcing_rule_key(warehouse))
    alternates = list(item.alternates) if item else []
    return SourcingRuleView(
        warehouse=warehouse,
        **warehouse_names(warehouse),
        alternates=alternates,
        named_alternates=[AlternateView(warehouse=one, **warehouse_names(one)) for one in alternates],
        version=item.version if item else 0,
        changed_by=item.changed_by if item else "",
        reason=item.reason if item else "",
    )


def publish_sourcing_rule(caller: Principal, warehouse: str, request: PublishSourcingRule) -> SourcingRuleView:
    """Publish the alternates of a warehouse, from the next order on. A repeated request answers the same.

    Raises:
        NotFound: there is no such warehouse.
        Invalid: an alternate is unknown or no longer used, the warehouse itself, or repeated.
        Stale: another version is stored.
    """
    require_warehouse_of_path(warehouse)
    if warehouse in request.alternates or len(set(request.alternates)) < len(request.alternates):
        detail = "不可重复,也不可为本仓 / each other warehouse once"
        raise Invalid([FieldProblem(field="alternates", code="repeated", detail=detail)])
    named = [(f"alternates.{index}", alternate) for index, alternate in enumerate(request.alternates)]
    if problems := warehouse_problems(named, must_be_active=True):
        raise Invalid(problems)
    item = SourcingRuleItem(
        *sourcing_rule_key(warehouse),
        alternates=request.alternates,
        version=request.version + 1,
        changed_by=caller.name,
        reason=request.reason,
    )
    replace_version(item, request.version)
    return show_sourcing_rule(warehouse)
