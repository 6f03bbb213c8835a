"""Create, rename, deactivate or activate a warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from contracts.dealers import DEALERS, DealerItem
from contracts.warehouses import WAREHOUSES_KEY, Warehouse, WarehousesItem, warehouses_item
from kernel.base.problems import Invalid, Refusal, Stale
from kernel.http.codes import WarehouseId, malformed_problem
from kernel.http.principal import Principal
from kernel.store.items import Item
from kernel.store.read import fetch, fetch_one, query_all
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from reads.dealers import user_with_mobile
from reads.warehouses import forget_warehouses
from services.orders.inbound.deliveries import expected_deliveries
from services.orders.order.backorder_entry import backorders_of
from services.orders.order.lifecycle import Action, roles_allowed
from services.orders.sourcing.items import SourcingRuleItem, sourcing_rule_key
from services.orders.warehouses.api import PublishWarehouse, WarehouseView
from services.orders.warehouses.list_warehouses import warehouse_view
from services.orders.warehouses.rules import WarehouseUse, contact_problem, in_use_problems

#: All warehouses are one item: another one may be published meanwhile.
_ATTEMPTS = 5


def publish_warehouse(caller: Principal, warehouse_id: str, request: PublishWarehouse) -> WarehouseView:
    """Publish a warehouse. A repeated request answers the same.

    Raises:
        Invalid: the id has another form, or the escalation contact may not decide orders or has no mobile phone.
        Stale: another version is stored.
        Refusal: it is deactivated while dealers, sourcing rules, deliveries or orders rely on it; names them.
        Busy: others kept publishing warehouses.
    """
    if problem := malformed_problem(WarehouseId, "warehouse", warehouse_id):
        raise Invalid([problem])
    if request.escalation_contact:
        _require_contact(request.escalation_contact)
    published = Warehouse(
        warehouse_id=warehouse_id,
        name_zh=request.name_zh,
        name_en=request.name_en,
        active=request.active,
        version=request.version + 1,
        changed_by=caller.name,
        reason=request.reason,
        escalation_contact=request.escalation_contact,
    )
    retry_on_conflict(_ATTEMPTS, partial(_replace, published))
    # This process answers the next request by what it has published.
    forget_warehouses()
    return warehouse_view(published)


def _replace(published: Warehouse) -> None:
    item = fetch_one(WarehousesItem, WAREHOUSES_KEY)
    known = item.by_id if item else {}
    stored = known.get(published.warehouse_id)
    if stored == published:
        return
    if (stored.version if stored else 0) != published.version - 1:
        raise Stale
    if stored and stored.active and not published.active:
        _require_unused(published.warehouse_id, known)
    as_read = WarehousesItem.revision == item.revision if item else Item.pk.does_not_exist()
    after = known | {published.warehouse_id: published}
    transaction = Transaction()
    transaction.put(warehouses_item(after.values(), item.revision + 1 if item else 1), "warehouses", as_read)
    transaction.commit()


def _require_contact(username: str) -> None:
    """Refuse an escalation contact whom no text message reaches or who could not decide the order."""
    if user_with_mobile(None, username, roles_allowed(Action.APPROVE)) is None:
        raise Invalid([contact_problem(username)])


def _require_unused(warehouse_id: str, known: Iterable[str]) -> None:
    """Refuse while something relies on the warehouse.

    So that a submit need not look the warehouse up: no dealer has an inactive one. A dealer that is written in the same
    moment may still name it; the audit finds it.
    """
    rules = fetch(sourcing_rule_key(other) for other in known).values()
    use = WarehouseUse(
        dealers=sorted(
            dealer.dealer_id
            for dealer in query_all(DealerItem, DEALERS, on_index=True)
            if dealer.warehouse == warehouse_id
        ),
        served=sorted(
            rule.pk.removeprefix("STOCK#")
            for rule in rules
            if isinstance(rule, SourcingRuleItem) and warehouse_id in rule.alternates
        ),
        expected=[delivery.reference for delivery in expected_deliveries(warehouse_id)],
        waiting=[entry.order_id for entry in backorders_of(warehouse_id)],
    )
    if problems := list(in_use_problems(use)):
        raise Refusal(
            "warehouse-in-use",
            "该仓仍在使用,不能停用 / the warehouse is still in use; see 'errors' for what to do",
            problems,
        )
