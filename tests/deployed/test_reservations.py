"""Stock under parallel orders and dying workers, in the deployed system."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tools.client import Api

DEALERS = [f"RV{number:02d}" for number in range(8)]
SCARCE, PLENTY = "RV-SCARCE", "RV-PLENTY"
WAREHOUSE = "RV"


def shop(deployed: Deployed) -> None:
    """Five pieces of one SKU, many of another, and dealers who want both."""
    admin, depot = deployed.api("admin"), deployed.api("warehouse")
    products = [
        {"sku": sku, "name_zh": f"灯 {sku}", "name_en": f"Lamp {sku}", "category": "bulb", "carton": 1}
        for sku in (SCARCE, PLENTY)
    ]
    admin.post("/api/catalog/imports/products", {"products": products})
    draft = "/api/catalog/price-lists/RV/drafts/1"
    prices = [{"sku": sku, "unit_price": "1.5", "policy": "P"} for sku in (SCARCE, PLENTY)]
    admin.post(f"{draft}/prices", {"prices": prices})
    admin.post(f"{draft}/publish", {"name": "一级价", "valid_from": "2020-01-01"})
    dealers = [
        {
            "dealer_id": dealer_id,
            "name": f"灯饰 {dealer_id}",
            "territory": "广州",
            "grade": "A",
            "price_list": "RV",
            "warehouse": WAREHOUSE,
            "credit_limit_fen": 100_000_000,
            "payment_days": 30,
            "users": [
                {"username": f"{dealer_id.lower()}-boss", "name": "老板", "phone": None, "roles": ["dealer_admin"]}
            ],
        }
        for dealer_id in DEALERS
    ]
    admin.post("/api/channel/imports/dealers", {"dealers": dealers})
    received = [{"sku": SCARCE, "quantity": 5}, {"sku": PLENTY, "quantity": 10_000}]
    depot.post("/api/orders/stock/receipts", {"warehouse": WAREHOUSE, "reference": "RV-1", "lines": received})


def submit(buyer: Api) -> dict[str, Any]:
    """One piece of each."""
    lines = [{"sku": SCARCE, "quantity": 1}, {"sku": PLENTY, "quantity": 3}]
    return buyer.post("/api/orders/orders", {"lines": lines})


def kill_reserving_workers() -> int:
    """Kill whatever process runs the reservation just now, as the machine under it might fail; how many there were."""
    killed = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"qudao-test-orders-ReserveStock" in process.read_bytes():
                os.kill(int(process.parent.name), signal.SIGKILL)
                killed += 1
        except (FileNotFoundError, ProcessLookupError):
            continue
    return killed


def test_parallel_orders_never_oversell_and_none_is_lost_though_workers_are_killed(deployed: Deployed) -> None:
    shop(deployed)
    clerk = deployed.api("assistant")
    buyers = [deployed.api("dealer_buyer", dealer_id) for dealer_id in DEALERS]
    with ThreadPoolExecutor(8) as pool:
        receipts = [pool.submit(submit, buyer) for buyer in buyers * 5]
        killed = eventually(kill_reserving_workers, within=60)
        order_ids = {receipt.result()["order_id"] for receipt in receipts}
    killed += kill_reserving_workers()
    assert len(order_ids) == 40 and killed

    def all_decided() -> list[dict[str, Any]] | None:
        orders = [order for one in DEALERS for order in clerk.pages("/api/orders/orders", "orders", dealer_id=one)]
        return orders if all(order["state"] == "in_review" for order in orders) else None

    orders = eventually(all_decided, within=180)
    assert {order["order_id"] for order in orders} == order_ids
    assert sum(order["reserved"] for order in orders) == 5 + 40 * 3
    assert sum(order["backordered"] for order in orders) == 35
    shown = clerk.get(f"/api/orders/stock/{WAREHOUSE}", skus=f"{SCARCE},{PLENTY}")["stock"]
    assert [(one["available"], one["held"]) for one in shown] == [(0, 5), (10_000 - 120, 120)]
