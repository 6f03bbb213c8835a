"""A shop opened through the API as its people would: products, a price list, dealers, goods; and workers to kill."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployed.conftest import Deployed
from tools.client import Api

#: As many rows as an import takes at once.
_ROWS = 500


@dataclass
class Market:
    """Dealers, each buying from one of the warehouses, and the staff who serve them."""

    clerk: Api
    depot: Api
    buyers: Mapping[str, Api]
    warehouses: Sequence[str]

    def orders(self) -> list[dict[str, Any]]:
        """Every order of every dealer."""
        return [
            order for one in self.buyers for order in self.clerk.pages("/api/orders/orders", "orders", dealer_id=one)
        ]

    def decided(self, orders: int) -> list[dict[str, Any]]:
        """Every order, once there are so many and stock was decided for all; none until then."""
        found = self.orders()
        return found if len(found) == orders and all(one["state"] != "submitted" for one in found) else []

    def receive(self, warehouse: str, reference: str, goods: Mapping[str, int]) -> None:
        """Goods come in."""
        lines = [{"sku": sku, "quantity": pieces} for sku, pieces in goods.items()]
        body = {"warehouse": warehouse, "reference": reference, "lines": lines}
        self.depot.post("/api/orders/stock/goods-receipts", body)

    def counters(self, warehouse: str, skus: Sequence[str]) -> list[tuple[int, int]]:
        """Available and held pieces of each SKU."""
        asked = [skus[at : at + 50] for at in range(0, len(skus), 50)]
        pages = [self.clerk.get(f"/api/orders/stock/{warehouse}", skus=",".join(some))["stock"] for some in asked]
        return [(one["available"], one["held"]) for page in pages for one in page]


def open_market(deployed: Deployed, name: str, skus: Sequence[str], dealers: int, warehouses: int = 1) -> Market:
    """A market of its own, called by two capital letters, so that tests do not meet."""
    admin = deployed.api("admin")
    _list_products(admin, name, skus)
    depots = [f"{name}{number}" for number in range(warehouses)]
    rows = [_dealer(f"{name}{number:03d}", name, depots[number % warehouses]) for number in range(dealers)]
    admin.post("/api/dealers/imports/dealers", {"dealers": rows})
    buyers = {row["dealer_id"]: deployed.api("dealer_buyer", row["dealer_id"]) for row in rows}
    return Market(deployed.api("assistant"), deployed.api("warehouse"), buyers, depots)


def kill_reserving_workers() -> int:
    """Kill whatever process decides stock just now, as the machine under it might fail; how many there were."""
    killed = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"qudao-test-orders-Reserve" in process.read_bytes():
                os.kill(int(process.parent.name), signal.SIGKILL)
                killed += 1
        except (FileNotFoundError, ProcessLookupError):
            continue
    return killed


def _list_products(admin: Api, price_list: str, skus: Sequence[str]) -> None:
    draft = f"/api/catalog/price-lists/{price_list}/drafts/1"
    for at in range(0, len(skus), _ROWS):
        some = skus[at : at + _ROWS]
        products = [
            {"sku": sku, "name_zh": f"灯 {sku}", "name_en": f"Lamp {sku}", "category": "bulb", "carton": 1}
            for sku in some
        ]
        admin.post("/api/catalog/imports/products", {"products": products})
        prices = [{"sku": sku, "unit_price": "1.5", "price_policy": "P"} for sku in some]
        admin.post(f"{draft}/prices", {"prices": prices})
    admin.post(f"{draft}/publish", {"name": "一级价", "valid_from": "2020-01-01"})


def _dealer(dealer_id: str, price_list: str, warehouse: str) -> dict[str, Any]:
    boss = {"username": f"{dealer_id.lower()}-boss", "name": "老板", "phone": None, "roles": ["dealer_admin"]}
    return {
        "dealer_id": dealer_id,
        "name": f"灯饰 {dealer_id}",
        "territory": "广州",
        "grade": "A",
        "price_list": price_list,
        "warehouse": warehouse,
        "credit_limit_fen": 10_000_000_000,
        "payment_days": 30,
        "users": [boss],
    }
