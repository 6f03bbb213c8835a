"""Set up products, a price list, dealers and stock through the API, and kill workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployed.conftest import Deployed
from tools.client import Api
from tools.imports import publish_warehouses

#: Most rows of one import.
_ROWS = 500


@dataclass
class Market:
    """Dealers with one warehouse each, and the staff who serve them."""

    clerk: Api
    depot: Api
    buyers: Mapping[str, Api]
    warehouses: Sequence[str]

    def orders(self) -> list[dict[str, Any]]:
        """Return every order of every dealer."""
        return [
            order
            for dealer_id in self.buyers
            for order in self.clerk.pages("/api/orders/orders", "orders", dealer_id=dealer_id)
        ]

    def decided(self, orders: int) -> list[dict[str, Any]]:
        """Return every order once this many are decided; an empty list until then."""
        found = self.orders()
        return found if len(found) == orders and all(order["state"] != "submitted" for order in found) else []

    def receive(self, warehouse: str, reference: str, goods: Mapping[str, int]) -> None:
        """Post a goods receipt."""
        lines = [{"sku": sku, "quantity": pieces} for sku, pieces in goods.items()]
        body = {"warehouse": warehouse, "reference": reference, "lines": lines}
        self.depot.post("/api/orders/stock/goods-receipts", body)

    def counters(self, warehouse: str, skus: Sequence[str]) -> list[tuple[int, int]]:
        """Return available and reserved pieces of each SKU."""
        chunks = [skus[at : at + 50] for at in range(0, len(skus), 50)]
        pages = [self.clerk.get(f"/api/orders/stock/{warehouse}", skus=",".join(chunk))["stock"] for chunk in chunks]
        return [(stock["available"], stock["reserved"]) for page in pages for stock in page]


def open_market(deployed: Deployed, name: str, skus: Sequence[str], dealers: int, warehouses: int = 1) -> Market:
    """Create a market. Tests use different names, two capital letters, so that they do not share data."""
    admin = deployed.api("admin")
    _list_products(admin, name, skus)
    depots = [f"{name}{number}" for number in range(warehouses)]
    publish_warehouses(admin, {depot: f"仓 {depot} / Depot {depot}" for depot in depots})
    rows = [_dealer(f"{name}{number:03d}", name, depots[number % warehouses]) for number in range(dealers)]
    admin.post("/api/dealers/imports/dealers", {"dealers": rows})
    buyers = {row["dealer_id"]: deployed.api("dealer_buyer", row["dealer_id"]) for row in rows}
    return Market(deployed.api("assistant"), deployed.api("warehouse"), buyers, depots)


def kill_reserving_workers() -> int:
    """Kill the processes that reserve stock now, like a failing machine; return their number."""
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
        chunk = skus[at : at + _ROWS]
        products = [
            {"sku": sku, "name_zh": f"灯 {sku}", "name_en": f"Lamp {sku}", "category": "bulb", "carton": 1}
            for sku in chunk
        ]
        admin.post("/api/catalog/imports/products", {"products": products})
        prices = [{"sku": sku, "unit_price": "1.5", "price_policy": "P"} for sku in chunk]
        admin.post(f"{draft}/prices", {"prices": prices})
    admin.post(f"{draft}/publish", {"name": "一级价", "valid_from": "2020-01-01"})


def _dealer(dealer_id: str, price_list: str, warehouse: str) -> dict[str, Any]:
    administrator = {"username": f"{dealer_id.lower()}-boss", "name": "老板", "phone": None, "roles": ["dealer_admin"]}
    return {
        "dealer_id": dealer_id,
        "name": f"灯饰 {dealer_id}",
        "territory": "广州",
        "grade": "A",
        "price_list": price_list,
        "warehouse": warehouse,
        "credit_limit_fen": 10_000_000_000,
        "payment_days": 30,
        "users": [administrator],
    }
