"""Random requests about orders, stock and the rules of warehouses."""

from __future__ import annotations

from typing import Any

from tests.simulation.random_client import DEALERS, SKUS, WAREHOUSES, RandomClient, RandomRequest


def submit_order(client: RandomClient) -> RandomRequest:
    random = client.random
    lines = [
        {"sku": random.choice(SKUS[:1] * 3 + SKUS), "quantity": random.choice([1, 1, 2, 3, 5, 8, 13])}
        for _ in range(random.choice([1, 1, 1, 2, 3]))
    ]
    shortage_policy = random.choice(["ship_available", "ship_available", "all_or_nothing", "wait"])
    body = {"lines": lines, "shortage_policy": shortage_policy, "urgent": random.random() < 0.15}
    return client.dealer_request(random.choice(DEALERS), "/orders", body)


def cancel_as_dealer(client: RandomClient) -> RandomRequest | None:
    order_id = client.order("submitted", "in_review")
    if not order_id:
        return None
    return client.dealer_request(order_id[:5], f"/orders/{order_id}/cancel", {"reason": "不要了"})


def cancel_as_clerk(client: RandomClient) -> RandomRequest | None:
    return client.order_request("cancel", {"reason": "客户来电"}, "assistant", "submitted", "in_review", "confirmed")


def cancel_lines(client: RandomClient) -> RandomRequest | None:
    random = client.random
    lines = [
        {"line_no": number, "quantity": random.choice([1, 1, 2, 3])}
        for number in random.sample([1, 2, 3], random.choice([1, 1, 2]))
    ]
    body = {"reason": "客户改单", "lines": lines}
    return client.order_request("lines/cancel", body, "assistant", "in_review", "confirmed")


def report_short_pick(client: RandomClient) -> RandomRequest | None:
    lines = [{"line_no": client.random.choice([1, 2]), "quantity": client.random.choice([1, 2])}]
    return client.order_request("short-picks", {"reason": "货位上没有", "lines": lines}, "warehouse", "confirmed")


def change_delivery_address(client: RandomClient) -> RandomRequest | None:
    body = {"address_id": client.random.choice(["A1", "A2"])}
    return client.order_request("delivery-address", body, "assistant", "submitted", "in_review", "confirmed")


def approve(client: RandomClient) -> RandomRequest | None:
    return client.order_request("approve", {}, "assistant", "in_review")


def reject(client: RandomClient) -> RandomRequest | None:
    return client.order_request("reject", {"reason": "缺货"}, "assistant", "in_review")


def extend_reservation(client: RandomClient) -> RandomRequest | None:
    return client.order_request("extend-reservation", {"reason": "客户确认中"}, "assistant", "in_review", "confirmed")


def release_hold(client: RandomClient) -> RandomRequest | None:
    hold, role = client.random.choice([("stock", "assistant"), ("credit", "finance")])
    return client.order_request(f"holds/{hold}/release", {"reason": "已核实"}, role, "in_review")


def ship(client: RandomClient) -> RandomRequest | None:
    body: dict[str, Any] = {"carrier": "顺丰", "waybill": f"SF{client.sent}"}
    if client.random.random() < 0.3:
        body["lines"] = [{"line_no": 1, "quantity": client.random.choice([1, 2])}]
    return client.order_request("shipments", body, "warehouse", "confirmed")


def void_shipment(client: RandomClient) -> RandomRequest | None:
    order_id = client.order("confirmed", "closed")
    if not order_id:
        return None
    shipment_id = f"{order_id}-S{client.random.choice([1, 1, 2]):02d}"
    path = f"/orders/{order_id}/shipments/{shipment_id}/void"
    return client.staff_request(path, {"reason": "未装车"}, "warehouse")


def receive_goods(client: RandomClient) -> RandomRequest:
    skus = client.random.sample(SKUS, client.random.choice([1, 1, 2]))
    body = {
        "warehouse": client.random.choice(WAREHOUSES[:1] * 3 + WAREHOUSES),
        "reference": f"DN-{client.random.randrange(30)}",
        "lines": [{"sku": sku, "quantity": client.random.choice([1, 4, 20])} for sku in skus],
    }
    return client.staff_request("/stock/goods-receipts", body, "warehouse")


def adjust_stock(client: RandomClient) -> RandomRequest:
    kind = client.random.choice(["count", "found", "lost", "set_aside", "clear", "scrap"])
    quantities = [0, 1, 2, 7] if kind == "count" else [1, 2]
    body = {
        "warehouse": "GZ",
        "reference": f"ADJ-{client.random.randrange(20)}",
        "kind": kind,
        "reason": "盘点",
        "lines": [{"sku": client.random.choice(SKUS), "quantity": client.random.choice(quantities)}],
    }
    return client.staff_request("/stock/adjustments", body, "warehouse")


def transfer_stock(client: RandomClient) -> RandomRequest:
    source, target = client.random.sample(WAREHOUSES, 2)
    body = {
        "from_warehouse": source,
        "to_warehouse": target,
        "reference": f"TR-{client.random.randrange(20)}",
        "expected_on": "2026-11-25",
        "reason": "调拨",
        "lines": [{"sku": client.random.choice(SKUS), "quantity": client.random.choice([1, 3])}],
    }
    return client.staff_request("/stock/transfers", body, "warehouse")


def expect_delivery(client: RandomClient) -> RandomRequest:
    skus = client.random.sample(SKUS, client.random.choice([0, 1, 2]))
    body = {
        "expected_on": client.random.choice(["2026-11-24", "2026-11-26", "2026-12-02"]),
        "lines": [{"sku": sku, "quantity": 20} for sku in skus],
        "reason": "工厂通知",
        "version": client.random.choice([0, 0, 1, 2]),
    }
    path = f"/stock/expected/GZ/DN-{client.random.randrange(6)}"
    return client.staff_request(path, body, "warehouse", method="PUT")


def publish_allocation_rule(client: RandomClient) -> RandomRequest:
    rule = client.random.choice(["first_come", "quota", "pro_rata_by_tier"])
    body = {"rule": rule, "quotas": {"A": 5} if rule == "quota" else {}, "pack": 1, "reason": "约定"}
    body["version"] = client.random.choice([0, 1])
    return client.staff_request("/warehouses/GZ/allocation-rule", body, "admin", method="PUT")


def publish_sourcing_rule(client: RandomClient) -> RandomRequest:
    alternates, version = client.random.choice([[], ["FS"]]), client.random.choice([0, 1])
    body = {"alternates": alternates, "reason": "约定", "version": version}
    return client.staff_request("/warehouses/GZ/sourcing-rule", body, "admin", method="PUT")


def publish_warehouse(client: RandomClient) -> RandomRequest:
    warehouse_id, version = client.random.choice(["FS", "SZ", "HZ"]), client.random.choice([0, 1, 2])
    active = warehouse_id == "FS" or client.random.random() < 0.5
    body = {"name_zh": "仓", "name_en": "Warehouse", "active": active, "reason": "约定", "version": version}
    return client.staff_request(f"/warehouses/{warehouse_id}", body, "admin", method="PUT")
