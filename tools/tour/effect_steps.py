"""Steps of a tour after the shipment: messages, webhook, statement and a service ticket."""

from __future__ import annotations

import httpx

from kernel.base.money import format_yuan
from tools.client import Json
from tools.tour.narration import check
from tools.tour.walk import Walk

_UNSENT_STATES = {"queued", "sending"}


def check_messages(walk: Walk, confirmation: Json) -> None:
    """Wait for the text message and the inbox message of the shipment."""
    staff = walk.users.api("assistant")

    def find_text() -> Json | None:
        texts = staff.get("/api/notifications/sms")["texts"]
        sent = (text for text in texts if text["state"] not in _UNSENT_STATES)
        return next((text for text in sent if _is_about(text, confirmation)), None)

    def find_message() -> Json | None:
        messages = walk.buyer.get("/api/notifications/inbox")["messages"]
        return next((message for message in messages if _is_about(message, confirmation)), None)

    with walk.narration.step("短信与站内信", "text message and inbox") as step:
        text = walk.wait(find_text, "没有短信记录 / no text message was recorded")
        step.facts["短信 / SMS"] = f"{text['phone_masked']} {text['text']} [{text['state']}]"
        # A text of the night, or of a burst, waits.
        check(
            text["state"] in {"accepted", "skipped", "waiting", "merged"},
            f"短信状态 {text['state']} / the text message {text['state']}",
        )
        message = walk.wait(find_message, "没有站内信 / nothing in the dealer's inbox")
        step.facts["站内信 / inbox"] = f"{message['title_zh']} / {message['title_en']}"


def check_webhook(walk: Walk, confirmation: Json) -> None:
    """Wait for the signed webhook of the shipment, and see that the receiver refuses a forged one."""

    def find() -> Json | None:
        check(walk.receiver.refused == 0, "签名验证失败 / a webhook's signature was wrong")
        return walk.receiver.wait_for(lambda message: message["subject"] == confirmation["order_id"], 0.1)

    with walk.narration.step("webhook 送达并验签", "signed webhook at the sample receiver") as step:
        event = walk.wait(find, "webhook 未送达 / the webhook did not arrive")
        step.facts["事件 / event"] = f"{event['id']} {event['type']}"
        forged = httpx.post(walk.receiver.url, json=event, headers={"webhook-id": "forged"}, trust_env=False)
        check(forged.status_code == 401, "伪造的请求被接受 / the receiver took a forged request")
        step.facts["伪造请求 / forged request"] = "401"


def check_statement(walk: Walk, confirmation: Json, shipment: Json) -> None:
    """Wait for the statement line of the shipment and compare its amount."""
    accountant = walk.users.api(walk.dealer.accountant.user)

    def find() -> Json | None:
        lines = accountant.pages("/api/reconciliation/statement", "lines", limit=500)
        return next((line for line in lines if line["document_id"] == shipment["shipment_id"]), None)

    with walk.narration.step("实时对账单", "live statement") as step:
        line = walk.wait(find, "对账单上没有这笔发货 / the shipment is not on the statement")
        step.facts["对账行 / line"] = f"{line['posted_on']} {line['document_id']} {format_yuan(line['debit_fen'])}"
        step.facts["余额 / balance"] = format_yuan(line["balance_fen"])
        check(
            line["debit_fen"] == shipment["gross_fen"] == confirmation["gross_fen"],
            f"对账金额 {line['debit_fen']} 分,发货 {shipment['gross_fen']} 分"
            f" / the statement charges {line['debit_fen']} fen, shipped were {shipment['gross_fen']}",
        )


def complete_ticket(walk: Walk, confirmation: Json, sku: str) -> None:
    """Register a service ticket as the dealer's owner and complete it as after-sales."""
    owner, clerk = walk.users.api(walk.dealer.owner.user), walk.users.api("aftersales")
    with walk.narration.step("售后:登记 → 受理 → 审核 → 派工 → 完成", "a service request to its end") as step:
        request = {
            "kind": "repair",
            "sku": sku,
            "title": "灯具频闪 / lamp flickers",
            "description": "安装后频闪,已换开关仍然如此 / flickers since installation, switch replaced already",
            "contact": {"name": walk.dealer.owner.name[-3:], "phone": "+8619900009999"},
            "site_address": "门店样板间 / showroom",
            "order_id": confirmation["order_id"],
        }
        path = f"/api/tickets/tickets/{owner.post('/api/tickets/tickets', request)['ticket_id']}"
        clerk.post(f"{path}/accept", {"note": "已受理 / accepted"})
        clerk.post(f"{path}/review", {"note": "质保期内 / under warranty"})
        clerk.post(f"{path}/dispatch", {"assignee": "工程师 谭浩然", "parts": [{"sku": sku, "quantity": 1}]})
        clerk.post(f"{path}/complete", {"result": "已更换 / replaced"})
        ticket = owner.get(path)
        steps = [entry["step"] for entry in ticket["timeline"]]
        step.facts["工单 / ticket"] = ticket["ticket_id"]
        step.facts["经销商所见 / the dealer sees"] = " → ".join(entry["label_zh"] for entry in ticket["timeline"])
        check(
            steps == ["registered", "accepted", "reviewed", "dispatched", "completed"],
            f"进度不全 / the timeline shows {steps}",
        )


def _is_about(message: Json, confirmation: Json) -> bool:
    return bool(message["event_type"] == "order.shipped.v1" and message["subject"] == confirmation["order_id"])
