"""The master of warehouses: published in versions, deactivated once unused."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.escalation import OrderOverdue
from kernel.messaging.outbox import history
from services.orders.order.items import orders_pk
from tests.notifications.fixtures import add_user
from tests.orders.client import OrdersClient
from tests.support.fixtures import WAREHOUSE, counters, open_shop, order_of, sku
from tests.support.gateway import Response
from tests.support.warehouses import WAREHOUSES


def publish(client: OrdersClient, warehouse: str, *, version: int = 0, **fields: Any) -> Response:
    body = {"name_zh": "惠州仓", "name_en": "Huizhou", "active": True, "reason": "开仓", "version": version, **fields}
    token = client.world.token(role="admin", name="管理员")
    return client.world.call("orders", "PUT", f"/warehouses/{warehouse}", body=body, token=token)


def deactivate(client: OrdersClient, warehouse: str, version: int = 1) -> Response:
    return publish(client, warehouse, version=version, active=False)


def codes_of(answer: Response) -> list[str]:
    return [problem["code"] for problem in answer.json["errors"]]


def test_new_warehouse_is_listed_and_takes_goods_at_once(client: OrdersClient) -> None:
    open_shop()
    assert codes_of(client.receive("DN-1", (sku(1), 5), warehouse="HZ")) == ["unknown-warehouse"]
    created = publish(client, "HZ")
    assert (created.status, created.json["version"], created.json["changed_by"]) == (200, 1, "管理员")
    token = client.world.token(role="dealer_buyer", dealer_id="D0001")
    listed = client.world.call("orders", "GET", "/warehouses", token=token).json["warehouses"]
    assert [row["warehouse"] for row in listed] == sorted([*WAREHOUSES, "HZ"])
    assert client.receive("DN-1", (sku(1), 5), warehouse="HZ").status == 201


def test_warehouse_is_replaced_by_its_next_version_only(client: OrdersClient) -> None:
    first = publish(client, "HZ")
    assert publish(client, "HZ").json == first.json, "a repeat answers the same"
    assert publish(client, "HZ", name_zh="惠州新仓").status == 412
    renamed = publish(client, "HZ", version=1, name_zh="惠州新仓")
    assert (renamed.status, renamed.json["name_zh"], renamed.json["version"]) == (200, "惠州新仓", 2)


@pytest.mark.parametrize("warehouse", ["H", "HUIZHOU-1", "惠州", "HUIZHOUCANG"])
def test_malformed_id_of_a_new_warehouse_is_refused(client: OrdersClient, warehouse: str) -> None:
    answer = publish(client, warehouse)
    assert (answer.status, codes_of(answer)) == (422, ["malformed"])


def test_deactivated_warehouse_takes_nothing_in_and_lets_stock_out(client: OrdersClient) -> None:
    open_shop()
    client.receive("DN-1", (sku(1), 5), warehouse="SZ")
    assert deactivate(client, "SZ").status == 200
    assert codes_of(client.receive("DN-2", (sku(1), 5), warehouse="SZ")) == ["inactive-warehouse"]
    assert codes_of(client.transfer("T-1", "2026-11-30", (sku(1), 1), to="SZ")) == ["inactive-warehouse"]
    expected = client.expect("PO-1", "2026-11-30", (sku(1), 1), warehouse="SZ")
    assert (expected.status, expected.json["code"]) == (409, "inactive-warehouse")
    body = {
        "from_warehouse": "SZ",
        "to_warehouse": WAREHOUSE,
        "reference": "T-2",
        "expected_on": "2026-11-30",
        "reason": "清仓",
        "lines": [{"sku": sku(1), "quantity": 5}],
    }
    token = client.world.token(role="warehouse")
    assert client.world.call("orders", "POST", "/stock/transfers", body=body, token=token, key="t").status == 201
    assert counters(1, "SZ") == (0, 0)
    assert publish(client, "SZ", version=2).status == 200
    assert client.receive("DN-2", (sku(1), 5), warehouse="SZ").status == 201


def test_warehouse_in_use_is_not_deactivated(client: OrdersClient) -> None:
    open_shop(stock=1)
    client.accepted({"lines": [{"sku": sku(1), "quantity": 3}]})
    client.expect("PO-1", "2026-11-30", (sku(1), 1))
    rule = {"alternates": [WAREHOUSE], "reason": "就近", "version": 0}
    token = client.world.token(role="admin")
    answer = client.world.call("orders", "PUT", "/warehouses/FS/sourcing-rule", body=rule, token=token)
    assert answer.status == 200, answer.json
    before = client.world.snapshot()
    refused = deactivate(client, WAREHOUSE)
    assert (refused.status, refused.json["code"]) == (409, "warehouse-in-use")
    assert codes_of(refused) == ["has-dealers", "is-alternate", "expects-goods", "has-backorders"]
    named = [problem["detail"] for problem in refused.json["errors"]]
    assert all(name in detail for name, detail in zip(["D0001", "FS", "PO-1", "D0001-000001"], named, strict=True))
    assert client.world.snapshot() == before


# ---- the escalation contact ----


def contact_of(client: OrdersClient, role: str, dealer: str | None = None) -> str | None:
    """Return the escalation contact of HZ as a user with this role sees it."""
    token = client.world.token(role=role, dealer_id=dealer)
    listed = client.world.call("orders", "GET", "/warehouses", token=token).json["warehouses"]
    contact: str | None = next(row["escalation_contact"] for row in listed if row["warehouse"] == "HZ")
    return contact


def test_escalation_contact_is_shown_to_staff_and_not_to_dealers(client: OrdersClient) -> None:
    add_user(None, "zhou", "assistant", "+8613700000007")
    assert publish(client, "HZ", escalation_contact="Zhou").json["escalation_contact"] == "zhou"
    assert contact_of(client, "warehouse") == "zhou"
    assert contact_of(client, "dealer_admin", "D0001") is None
    assert publish(client, "HZ", version=1).json["escalation_contact"] is None


@pytest.mark.parametrize(
    ("role", "phone"), [("assistant", None), ("assistant", "+862087654321"), ("warehouse", "+8613700000007")]
)
def test_contact_without_mobile_or_right_to_approve_is_refused(
    client: OrdersClient, role: str, phone: str | None
) -> None:
    add_user(None, "zhou", role, phone)
    answer = publish(client, "HZ", escalation_contact="zhou")
    assert (answer.status, codes_of(answer)) == (422, ["unknown-contact"])
    assert codes_of(publish(client, "HZ", escalation_contact="absent")) == ["unknown-contact"]
    assert publish(client, "HZ").json["version"] == 1, "nothing was stored before"


def test_overdue_order_names_the_contact_of_its_warehouse(client: OrdersClient) -> None:
    open_shop(stock=10)
    add_user(None, "zhou", "assistant", "+8613700000007")
    names = {"name_zh": "广州仓", "name_en": "Guangzhou"}
    assert publish(client, WAREHOUSE, version=1, **names, escalation_contact="zhou").status == 200
    first = client.accepted(order_of((1, 1), urgent=True))
    assert overdue_event(client, first) == ("zhou", "zhou")
    add_user(None, "zhou", "finance", "+8613700000007")
    second = client.accepted(order_of((1, 1), urgent=True))
    assert overdue_event(client, second) == (None, None)


def overdue_event(client: OrdersClient, order_id: str) -> tuple[str | None, str | None]:
    """Let time pass, and return the escalation contact and its name in the event of an overdue order."""
    client.world.clock.advance(minutes=31)
    client.world.periodic("orders", "sweep_orders")
    client.world.drain()
    (event,) = [one.event for one in history(orders_pk("D0001"), order_id) if one.type == OrderOverdue.TYPE]
    assert isinstance(event, OrderOverdue)
    return event.escalation_contact, event.escalation_name
