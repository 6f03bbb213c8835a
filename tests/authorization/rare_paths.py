"""Steps that use rights which no case of the authorization matrix uses; each checks that its path was taken."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from kernel.store import aws
from services.notifications.sms.providers.provider import Rejected
from services.notifications.sms.providers.recorder import Recorder
from tests.dealers.user_pool import user_pool
from tests.notifications.fixtures import override_settings
from tests.notifications.webhook_receiver import run_receiver
from tests.support.caches import clear_process_caches
from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, WAREHOUSE, dealer_row


def _change_imported_rows(company: SampleCompany) -> None:
    """Import changed and unchanged rows, replace an administrator, and resend an event the stream lost."""
    product = {"sku": "L1", "name_zh": "改名", "name_en": "Renamed", "category": "球泡", "carton": 10}
    company.send_and_drain("catalog", "POST", "/imports/products", {"products": [product]}, role="assistant")
    row = dealer_row(OWN)
    row["users"][0]["name"] = "新名"
    _import_dealers(company, row | {"name": "新名"})
    _import_dealers(company, dealer_row(OTHER), row)
    second = {**row["users"][0], "username": "second-owner"}
    _import_dealers(company, row | {"users": [second]})
    row["users"] = [row["users"][0] | {"roles": ["dealer_buyer"]}]  # allowed because of the second administrator
    _import_dealers(company, row)
    body = {"lines": [{"sku": "L1", "quantity": 1}]}
    assert company.send("orders", "POST", "/orders", body, role="dealer_buyer").status == 202
    company.world.clock.advance(minutes=2)
    aws.queue_url.cache_clear()
    company.world.periodic("relay", "resend_unsent")
    company.world.drain()


def _run_all_schedules_a_month_later(company: SampleCompany) -> None:
    company.world.clock.advance(days=40)
    for service, app in company.world.apps.items():
        for spec in app.periodics:
            clear_process_caches()
            company.world.periodic(service, spec.function)
            company.world.drain()


def _book_shipment_of_closed_month(company: SampleCompany) -> None:
    with company.world.held_back("post-ledger-entries"):
        path = f"/orders/{company.ids['order to ship', OWN]}/shipments"
        company.send_and_drain("orders", "POST", path, {"carrier": "顺丰", "waybill": "SF8"}, role="warehouse")
        company.world.clock.advance(days=31)
        company.send_and_drain("reconciliation", "POST", "/statement-runs", {"period": "2026-12"}, role="finance")
    company.world.drain()


def _retry_failed_webhook(company: SampleCompany) -> None:
    with run_receiver() as receiver, override_settings(webhook_allow_loopback="true"):
        body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
        company.send_and_drain("notifications", "POST", "/webhook-endpoints", body, role="admin")
        receiver.answer(500, 200, 500)
        clear_process_caches()
        ticket_id = company.ids["ticket registered", OWN]
        company.send_and_drain("tickets", "POST", f"/tickets/{ticket_id}/accept", {}, role="aftersales")
        for _ in range(3):
            clear_process_caches()
            company.world.clock.advance(hours=1)
            company.world.periodic("notifications", "retry_webhooks")


def _let_provider_refuse_texts(company: SampleCompany) -> None:
    with patch.object(Recorder, "send", lambda *_: Rejected("throttled", temporary=True)):
        path = f"/orders/{company.ids['order to ship', OWN]}/shipments"
        answer = company.send("orders", "POST", path, {"carrier": "顺丰", "waybill": "SF9"}, role="warehouse")
        assert answer.status == 201, answer.json
        company.world.drain(may_fail=True)


def _list_refused_texts(company: SampleCompany) -> None:
    with patch.object(Recorder, "send", lambda *_: Rejected("opted-out")):
        _submit(company, "L3", 1)
    clear_process_caches()
    page = company.send_and_drain("notifications", "GET", "/sms?state=failed", role="assistant")
    assert page["texts"]


def _change_accounts(company: SampleCompany) -> None:
    with user_pool():
        row = dealer_row(OWN)
        for role in ("dealer_accountant", "dealer_buyer"):
            row["users"][1]["roles"] = [role]
            _import_dealers(company, row)


def _allocate_by_each_rule(company: SampleCompany) -> None:
    for version, rule in enumerate(("first_come", "quota", "pro_rata_by_tier")):
        body = {"rule": rule, "quotas": {"A": 3}, "reason": "旺季", "version": version}
        path = f"/warehouses/{WAREHOUSE}/allocation-rule"
        company.send_and_drain("orders", "PUT", path, body, role="admin")
        backorders = [_submit(company, "L5", 4, dealer=dealer) for dealer in (OWN, OTHER)]
        company.receive_goods(f"DN-{rule}", L5=8)
        assert all(_order(company, order_id)["backordered"] == 0 for order_id in backorders), rule
    # Goods received while a new order is not reserved yet go to the backorder queue first.
    backorders = [_submit(company, "L5", 4, dealer=OTHER)]
    with company.world.held_back("reserve-stock"):
        new_order = _submit(company, "L5", 4)
        company.receive_goods("DN-8", L5=7)
        company.world.clock.advance(minutes=5)
        company.world.periodic("orders", "sweep_orders")
        assert [_order(company, order_id)["reserved"] for order_id in (*backorders, new_order)] == [4, 3]
    path = f"/orders/{new_order}/cancel"
    cancelled = company.send_and_drain("orders", "POST", path, {"reason": "不要了"}, role="dealer_buyer")
    assert cancelled["backordered_since"] is None


def _serve_from_another_warehouse(company: SampleCompany) -> None:
    company.receive_goods("DN-9", "SZ", L5=5)
    body = {"alternates": ["SZ"], "reason": "就近", "version": 0}
    company.send_and_drain("orders", "PUT", f"/warehouses/{WAREHOUSE}/sourcing-rule", body, role="admin")
    orders = [_order(company, _submit(company, "L5", 2, urgent=urgent)) for urgent in (False, True)]
    assert [(order["warehouse"], order["reserved"]) for order in orders] == [("SZ", 2)] * 2


def _expire_and_extend_reservation(company: SampleCompany) -> None:
    company.receive_goods("DN-7", L5=2)
    order_id = _submit(company, "L5", 4)
    orders = []
    for hours in (69, 4):
        company.world.clock.advance(hours=hours)
        company.world.periodic("orders", "sweep_orders")
        company.world.drain()
        orders.append(_order(company, order_id))
    assert [(order["reserved"], order["backordered"]) for order in orders] == [(2, 2), (0, 4)]
    path = f"/orders/{order_id}/extend-reservation"
    company.send_and_drain("orders", "POST", path, {"reason": "客户要货"}, role="dealer_buyer")
    assert _order(company, order_id)["reserved"] == 2


def _let_urgent_order_be_overdue(company: SampleCompany) -> None:
    backorder = _submit(company, "L5", 3, urgent=True)
    with company.world.held_back("reserve-stock"):
        company.receive_goods("DN-6", L5=4)
        late = _submit(company, "L5", 3, dealer=OTHER, urgent=True)
        assert [_order(company, order_id)["reserved"] for order_id in (backorder, late)] == [3, 1]
    company.world.clock.advance(hours=1)
    company.world.periodic("orders", "sweep_orders")
    company.world.drain()
    timeline = company.send_and_drain("orders", "GET", f"/orders/{backorder}/timeline", role="assistant")
    assert "order.overdue.v1" in [entry["event"] for entry in timeline["entries"]]


def _reserve_by_sweep(company: SampleCompany) -> None:
    with company.world.held_back("reserve-stock"):
        orders = [_submit(company, sku, 2) for sku in ("L1", "L5")]
        company.world.clock.advance(minutes=5)
        company.world.periodic("orders", "sweep_orders")
        assert [_order(company, order_id)["reserved"] for order_id in orders] == [2, 0]
    company.world.drain()


RARE_PATHS = (
    _change_imported_rows,
    _run_all_schedules_a_month_later,
    _book_shipment_of_closed_month,
    _retry_failed_webhook,
    _let_provider_refuse_texts,
    _list_refused_texts,
    _change_accounts,
    _allocate_by_each_rule,
    _serve_from_another_warehouse,
    _expire_and_extend_reservation,
    _let_urgent_order_be_overdue,
    _reserve_by_sweep,
)


def _import_dealers(company: SampleCompany, *rows: dict[str, Any]) -> None:
    company.send_and_drain("dealers", "POST", "/imports/dealers", {"dealers": list(rows)}, role="admin")


def _submit(company: SampleCompany, sku: str, quantity: int, *, dealer: str = OWN, urgent: bool = False) -> str:
    body = {"lines": [{"sku": sku, "quantity": quantity}], "urgent": urgent}
    answer = company.send_and_drain("orders", "POST", "/orders", body, role="dealer_buyer", dealer=dealer)
    return str(answer["order_id"])


def _order(company: SampleCompany, order_id: str) -> Any:
    return company.send_and_drain("orders", "GET", f"/orders/{order_id}", role="assistant")
