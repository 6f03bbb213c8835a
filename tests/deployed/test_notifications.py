"""Webhook with signature, inbox and text message with masked phone number, in the deployed system."""

from __future__ import annotations

from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.notifications.webhook_receiver import run_receiver
from tools.client import Api
from tools.imports import publish_warehouses

DEALER = "DN01"
PHONE = "+8613800138000"


def import_dealer_with_phone(admin: Api) -> None:
    product = {"sku": "DN-1", "name_zh": "灯", "name_en": "Lamp", "category": "bulb", "carton": 1}
    admin.post("/api/catalog/imports/products", {"products": [product]})
    draft, price = "/api/catalog/price-lists/DN/drafts/1", {"sku": "DN-1", "unit_price": "1", "price_policy": "P"}
    admin.post(f"{draft}/prices", {"prices": [price]})
    admin.post(f"{draft}/publish", {"name": "一级价", "valid_from": "2020-01-01"})
    user = {"username": "dn01-boss", "name": "陈老板", "phone": PHONE, "roles": ["dealer_admin"]}
    dealer = {
        "dealer_id": DEALER,
        "name": "天河灯饰",
        "territory": "广州",
        "grade": "A",
        "price_list": "DN",
        "warehouse": "GZ",
        "credit_limit_fen": 1_000_000,
        "payment_days": 30,
        "users": [user],
    }
    publish_warehouses(admin, {"GZ": "广州仓 / Guangzhou"})
    admin.post("/api/dealers/imports/dealers", {"dealers": [dealer]})


def test_payment_is_sent_by_webhook_inbox_and_text_message(deployed: Deployed) -> None:
    admin, finance = deployed.api("admin"), deployed.api("finance")
    import_dealer_with_phone(admin)
    with run_receiver() as receiver:
        body = {"url": receiver.url, "types": ["payment.posted.v1"], "description": "ERP"}
        endpoint = admin.post("/api/notifications/webhook-endpoints", body)
        receiver.answer(503)
        received = {"dealer_id": DEALER, "amount_fen": 123_450, "received_on": "2026-11-20", "bank_reference": "B-1"}
        finance.post("/api/reconciliation/payments", received)

        # The queue retries after five seconds, sooner than the schedule does.
        eventually(lambda: len(receiver.received) == 2, within=75)
        first, second = receiver.received
        assert first.body == second.body and first.event_id == second.event_id
        event = second.verified_by(endpoint["secret"])
        assert event["type"] == "payment.posted.v1" and event["data"]["amount_fen"] == 123_450

        path = f"/api/notifications/webhook-endpoints/{endpoint['endpoint_id']}"
        (delivery,) = eventually(lambda: delivered(admin, path), within=20)
        assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["5xx", "2xx"]

        admin.post(f"{path}/deliveries/{event['id']}/replay")
        eventually(lambda: len(receiver.received) == 3, within=75)
        assert receiver.received[-1].headers["qudao-replay"] == "true"
        admin.delete(path)

    administrator = deployed.api("dealer_admin", DEALER)
    (message,) = eventually(lambda: administrator.get("/api/notifications/inbox")["messages"], within=20)
    assert message["title_zh"] == "收到您的款项 ¥1,234.50"
    assert administrator.post(f"/api/notifications/inbox/{message['message_id']}/read")["unread"] == 0

    (text,) = eventually(lambda: sent_texts(admin), within=20)
    assert text["text"] == "【渠道】您的往来账户有更新,请登录查看。"
    assert text["phone_masked"] == "+86138****8000"


def delivered(admin: Api, path: str) -> list[Any]:
    return [delivery for delivery in admin.get(f"{path}/deliveries")["deliveries"] if delivery["state"] == "delivered"]


def sent_texts(admin: Api) -> list[Any]:
    """Return the texts about payments of the dealer: sent, or waiting for the morning in Shanghai."""
    texts = admin.get("/api/notifications/sms")["texts"]
    return [
        text
        for text in texts
        if text["dealer_id"] == DEALER
        and text["event_type"] == "payment.posted.v1"
        and text["state"] in ("accepted", "waiting")
    ]
