"""The published rules of a warehouse: how it shares out what is short, and who serves what it is short of."""

from __future__ import annotations

import re
from typing import NamedTuple

from kernel.base.problems import FieldProblem, Invalid, NotFound, Stale
from kernel.http.models import WAREHOUSE_ID
from kernel.http.principal import Principal
from kernel.store.items import Item
from kernel.store.table import Transaction, TransactionRefused, fetch_one
from services.orders.allocation import Rule, Settings
from services.orders.api import AllocationRule, PublishAllocationRule, PublishSourcingRule, Sourcing
from services.orders.table.rules import AllocationRuleItem, SourcingRuleItem, allocation_rule_key, sourcing_rule_key
from services.orders.terms import Grade


class PublishedAllocationRule(NamedTuple):
    """A warehouse's rule; `version` 0 is the one that holds while none was published: first come, first served."""

    rule: Rule
    settings: Settings
    version: int


def load_allocation_rule(warehouse: str) -> PublishedAllocationRule:
    """How a warehouse shares out what is short."""
    item = fetch_one(AllocationRuleItem, allocation_rule_key(warehouse))
    if item is None:
        return PublishedAllocationRule(Rule.FIRST_COME, Settings(), 0)
    quotas = {Grade(grade): int(pieces) for grade, pieces in item.quotas.items()}
    return PublishedAllocationRule(Rule(item.rule), Settings(quotas, item.pack), item.version)


def alternate_warehouses(warehouse: str) -> list[str]:
    """The warehouses that may serve an order this one is short of, in the order in which they are asked."""
    item = fetch_one(SourcingRuleItem, sourcing_rule_key(warehouse))
    return list(item.alternates) if item else []


def show_rule(warehouse: str) -> AllocationRule:
    """How a warehouse shares out what is short; anyone may read it.

    Raises:
        NotFound: no warehouse can be called that.
    """
    require_warehouse_id(warehouse)
    rule = load_allocation_rule(warehouse)
    quotas = {grade.value: pieces for grade, pieces in rule.settings.quotas.items()}
    item = fetch_one(AllocationRuleItem, allocation_rule_key(warehouse))
    return AllocationRule(
        warehouse=warehouse,
        rule=rule.rule,
        quotas=quotas,
        pack=rule.settings.pack,
        version=rule.version,
        changed_by=item.changed_by if item else "",
        reason=item.reason if item else "",
    )


def set_rule(caller: Principal, warehouse: str, request: PublishAllocationRule) -> AllocationRule:
    """Publish how a warehouse shares out what is short, from the next run on.

    Asked again after a lost answer, it changes nothing and answers the same.

    Raises:
        NotFound: no warehouse can be called that.
        Stale: the rule is no longer the one of that version.
    """
    require_warehouse_id(warehouse)
    item = AllocationRuleItem(
        *allocation_rule_key(warehouse),
        rule=request.rule,
        quotas={grade.value: pieces for grade, pieces in request.quotas.items()},
        pack=request.pack,
        version=request.version + 1,
        changed_by=caller.name,
        reason=request.reason,
    )
    _publish(item, request.version)
    return show_rule(warehouse)


def show_sourcing_rule(warehouse: str) -> Sourcing:
    """Which warehouses serve the orders this one is short of; anyone may read it.

    Raises:
        NotFound: no warehouse can be called that.
    """
    require_warehouse_id(warehouse)
    item = fetch_one(SourcingRuleItem, sourcing_rule_key(warehouse))
    if item is None:
        return Sourcing(warehouse=warehouse, alternates=[], version=0, changed_by="", reason="")
    return Sourcing(
        warehouse=warehouse,
        alternates=list(item.alternates),
        version=item.version,
        changed_by=item.changed_by,
        reason=item.reason,
    )


def publish_sourcing_rule(caller: Principal, warehouse: str, request: PublishSourcingRule) -> Sourcing:
    """Publish who serves the orders a warehouse is short of, from the next order on.

    Asked again after a lost answer, it changes nothing and answers the same.

    Raises:
        NotFound: no warehouse can be called that.
        Invalid: a warehouse stands in its own stead, or twice.
        Stale: the order is no longer the one of that version.
    """
    require_warehouse_id(warehouse)
    if warehouse in request.alternates or len(set(request.alternates)) < len(request.alternates):
        detail = "不可重复,也不可为本仓 / each other warehouse once"
        raise Invalid([FieldProblem(field="alternates", code="repeated", detail=detail)])
    item = SourcingRuleItem(
        *sourcing_rule_key(warehouse),
        alternates=request.alternates,
        version=request.version + 1,
        changed_by=caller.name,
        reason=request.reason,
    )
    _publish(item, request.version)
    return show_sourcing_rule(warehouse)


def require_warehouse_id(warehouse: str) -> None:
    """Let nobody ask for what cannot be a warehouse.

    Raises:
        NotFound: none can be called that.
    """
    if not re.fullmatch(WAREHOUSE_ID, warehouse):
        raise NotFound


def _publish(item: AllocationRuleItem | SourcingRuleItem, replaced: int) -> None:
    kind = type(item)
    transaction = Transaction()
    transaction.put(item, "rule", kind.version == replaced if replaced else Item.pk.does_not_exist())
    try:
        transaction.commit()
    except TransactionRefused:
        stands = fetch_one(kind, (item.pk, item.sk))
        if stands is None or stands.to_simple_dict() != item.to_simple_dict():
            raise Stale from None
