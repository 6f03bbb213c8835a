"""Show what an order was allocated, and its queue position."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.http.principal import Principal
from kernel.store.read import query_all
from services.orders.allocation.api import AllocationList, AllocationView, GrantView
from services.orders.allocation.items import GrantItem
from services.orders.order.backorder_entry import backorders_of
from services.orders.order.items import order_part_key
from services.orders.order.load_order import load_own_order


def show_allocations(caller: Principal, order_id: str) -> AllocationList:
    """Show the grants of an order with rule and figures, and its queue position.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    order = load_own_order(caller, order_id)
    header, names = order.header, {line.sku: line.name for line in order.lines}
    pk, sk = order_part_key("GRANT", order_id)
    grants = sorted(query_all(GrantItem, pk, sk=GrantItem.sk.startswith(f"{sk}#")), key=lambda item: item.granted_at)
    queue = [entry.order_id for entry in backorders_of(header.warehouse)] if header.backordered_since else []
    return AllocationList(
        order_id=order_id,
        backordered_since=header.backordered_since,
        queue_position=queue.index(order_id) + 1 if order_id in queue else None,
        queue_length=len(queue),
        allocations=[allocation_view(item, names) for item in grants],
    )


def allocation_view(item: GrantItem, names: Mapping[str, str]) -> AllocationView:
    """Return the grants of an order in one run as an answer. `names`: of its products by SKU."""
    return AllocationView(
        run=item.run,
        granted_at=item.granted_at,
        rule_version=item.rule_version,
        grants=[
            GrantView(sku=sku, name_zh=names[sku], granted=pieces, **reason) for sku, pieces, reason in item.grants
        ],
    )
