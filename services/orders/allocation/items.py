"""Stored allocation runs, grants and allocation rules."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from services.orders.allocation.rules import WaitingOrder
from services.orders.order.backorder_entry import BackorderItem
from services.orders.order.items import part_key
from services.orders.vocabulary import ShortagePolicy, grade_of


class AllocationRunItem(Item, discriminator="allocation"):
    """A run in which goods were shared out; recorded before anybody gets anything, then never changed.

    `shares`: by order and sku_index (as text) a Grant's pieces and reason; `rule_version`: of the rule as it was published.
    """

    made_at = UnicodeAttribute()
    rule = UnicodeAttribute()
    rule_version = IntegerAttribute()
    shares = PackedJSONAttribute()


class GrantItem(Item, discriminator="allocation_grant"):
    """What one order got in a run and why, for its dealer to read. `grants`: [sku, pieces, reason] each."""

    order_id = UnicodeAttribute()
    run = UnicodeAttribute()
    granted_at = UnicodeAttribute()
    rule_version = IntegerAttribute()
    grants = PackedJSONAttribute()


def allocation_run_key(warehouse: str, run_id: str) -> Key:
    """A run in which goods were shared out."""
    return f"STOCK#{warehouse}", f"ALLOCATION#{run_id}"


def grant_key(order_id: str, run_id: str, first_sku_index: int) -> Key:
    """What an order got in a run; of more buckets than one transaction can change, in portions."""
    pk, sk = part_key("GRANT", order_id)
    return pk, f"{sk}#{run_id}#{first_sku_index}"


class AllocationRuleItem(Item, discriminator="allocation_rule"):
    """How a warehouse shares out what is short. `quotas`: pieces per dealer and run by grade; `pack`: of shares."""

    rule = UnicodeAttribute()
    quotas: JSONAttribute = JSONAttribute()
    pack = IntegerAttribute()
    version = IntegerAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


def allocation_rule_key(warehouse: str) -> Key:
    """How a warehouse shares out what is short."""
    return f"STOCK#{warehouse}", "RULE"


def waiting_order_of(item: BackorderItem) -> WaitingOrder:
    """An order in line, as the rules see it."""
    return WaitingOrder(
        order_id=item.order_id,
        dealer_id=item.dealer_id,
        grade=grade_of(item.grade),
        urgent=bool(item.urgent),
        since=item.since,
        whole=not ShortagePolicy(item.shortage_policy).accepts_partial,
        wanted=item.by_sku_index,
    )
