"""Stored allocation runs, grants and allocation rules."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.grades import Grade
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from services.orders.allocation.rules import WaitingOrder
from services.orders.order.backorder_entry import BackorderItem
from services.orders.order.items import order_part_key
from services.orders.vocabulary import ShortagePolicy


# P  shares of an allocation run   pk: STOCK#<warehouse>   sk: ALLOCATION#<run>
class AllocationRunItem(Item, discriminator="allocation"):
    """An allocation run, recorded before any order gets a piece, then never changed.

    `shares`: pieces and reason of each grant by order and SKU index (as text); `rule_version`: of the published
    rule.
    """

    made_at = UnicodeAttribute()
    rule = UnicodeAttribute()
    rule_version = IntegerAttribute()
    shares = PackedJSONAttribute()


# P  grants of an order   pk: ORDERS#<dealer>   sk: GRANT#<sequence>#<run>#<first SKU index>
class GrantItem(Item, discriminator="allocation_grant"):
    """Grant of one order in a run, with its reason, for the dealer to read. `grants`: [sku, pieces, reason] each."""

    order_id = UnicodeAttribute()
    run = UnicodeAttribute()
    granted_at = UnicodeAttribute()
    rule_version = IntegerAttribute()
    grants = PackedJSONAttribute()


def allocation_run_key(warehouse: str, run_id: str) -> Key:
    """Key of an allocation run."""
    return f"STOCK#{warehouse}", f"ALLOCATION#{run_id}"


def grant_key(order_id: str, run_id: str, first_sku_index: int) -> Key:
    """Key of a grant. A grant over many buckets has several parts."""
    pk, sk = order_part_key("GRANT", order_id)
    return pk, f"{sk}#{run_id}#{first_sku_index}"


# P  allocation rule of a warehouse   pk: STOCK#<warehouse>   sk: RULE
class AllocationRuleItem(Item, discriminator="allocation_rule"):
    """Allocation rule of a warehouse. `quotas`: pieces per dealer and run, by grade; `pack`: of shares."""

    rule = UnicodeAttribute()
    quotas: JSONAttribute = JSONAttribute()
    pack = IntegerAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


def allocation_rule_key(warehouse: str) -> Key:
    """Key of the allocation rule of a warehouse."""
    return f"STOCK#{warehouse}", "RULE"


def waiting_order_from_entry(item: BackorderItem) -> WaitingOrder:
    """Return an entry of the backorder queue as the rules take it."""
    return WaitingOrder(
        order_id=item.order_id,
        dealer_id=item.dealer_id,
        grade=Grade(item.grade),
        urgent=bool(item.urgent),
        since=item.since,
        whole=not ShortagePolicy(item.shortage_policy).accepts_partial,
        wanted=item.by_sku_index,
    )
