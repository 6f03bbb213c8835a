"""Damages of references to warehouses, grades and price lists."""

from __future__ import annotations

from contracts.dealers import dealer_key
from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from contracts.warehouses import WAREHOUSES_KEY
from services.orders.sourcing.items import SourcingRuleItem, sourcing_rule_key
from tests.support.company_data import OWN, WAREHOUSE
from tests.tools.audit.table import Damage, Damages, TableCopy


def _dealer(**fields: str) -> Damage:
    return lambda table: table.update(dealer_key(OWN), **fields)


def _stock_elsewhere(table: TableCopy) -> None:
    table.put(StockBucketItem(*stock_bucket_key("XX", 0), available=[0] * SKUS_PER_BUCKET))


def _sourcing_rule(alternate: str) -> Damage:
    rule = SourcingRuleItem(
        *sourcing_rule_key(WAREHOUSE), alternates=[alternate], version=1, changed_by="x", reason="r"
    )
    return lambda table: table.put(rule)


def _deactivate(warehouse: str) -> Damage:
    def damage(table: TableCopy) -> None:
        rows = table.item(WAREHOUSES_KEY).rows
        name_zh, name_en, _, *others = rows[warehouse]
        table.update(WAREHOUSES_KEY, rows={**rows, warehouse: [name_zh, name_en, False, *others]})

    return damage


DAMAGES: Damages = {
    "a dealer has a warehouse nobody has": (_dealer(warehouse="XX"), {"unknown-warehouse"}),
    "a dealer has a grade nobody knows": (_dealer(grade="VIP"), {"unknown-grade"}),
    "a dealer has a price list nobody published": (_dealer(price_list="NONE"), {"unknown-price-list"}),
    "stock is in a warehouse nobody has": (_stock_elsewhere, {"unknown-warehouse"}),
    "an alternate is a warehouse nobody has": (_sourcing_rule("XX"), {"unknown-warehouse"}),
    "dealers have a warehouse that is no longer used": (_deactivate(WAREHOUSE), {"inactive-warehouse"}),
}
