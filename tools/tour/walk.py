"""The walk itself: one dealer's order from the catalogue to the statement, and a service request. Public API only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx

from kernel.base.money import yuan
from kernel.time.clock import parse_stamp
from tools.client import Json, new_key
from tools.demo.logins import Login
from tools.imports import People
from tools.receiver import Receiver
from tools.tour.narration import Narration, PromiseBroken

LINES = 120
#: The promise for everything that follows from something (F6, F13, F18).
WITHIN_SECONDS = 60

T = TypeVar("T")


@dataclass(frozen=True)
class Company:
    """The dealer the tour is made with: one user for each job."""

    dealer_id: str
    owner: Login
    buyer: Login
    accountant: Login

    @classmethod
    def of(cls, logins: list[Login], dealer_id: str) -> Company:
        """The dealer's people among the logins."""
        by_role = {login.role: login for login in logins if login.dealer_id == dealer_id}
        return cls(dealer_id, by_role["dealer_admin"], by_role["dealer_buyer"], by_role["dealer_accountant"])


@dataclass
class Walk:
    """Who walks, and who tells."""

    people: People
    company: Company
    narration: Narration
    receiver: Receiver

    def all(self) -> None:
        """Every step.

        Raises:
            PromiseBroken: the system did something else than it promises.
            ApiProblem, Unreachable: a request was refused or not answered.
        """
        self.sign_in()
        endpoint_id = self.register_endpoint()
        try:
            lines = self.choose()
            confirmation = self.submit(lines)
            self.see(confirmation)
            self.approve(confirmation)
            shipment = self.ship(confirmation)
            self.messages(confirmation)
            self.webhook(confirmation)
            self.statement(confirmation, shipment)
            self.ticket(confirmation, lines[0]["sku"])
        finally:
            self.people.as_user("admin").delete(f"/api/notifications/webhook-endpoints/{endpoint_id}")

    def sign_in(self) -> None:
        with self.narration.step("登录", "log in") as step:
            me = self.people.as_user(self.company.buyer.user).get("/api/dealers/me")
            step.facts["用户 / user"] = f"{self.company.buyer.user} {me['name']}"
            step.facts["经销商 / dealer"] = f"{me['dealer']['dealer_id']} {me['dealer']['name']}"
            check(me["dealer"]["dealer_id"] == self.company.dealer_id, "身份不符 / the token is another dealer's")

    def register_endpoint(self) -> str:
        with self.narration.step("登记 webhook 接收端", "register a webhook receiver") as step:
            wanted = {"url": self.receiver.url, "types": ["order.shipped.v1"], "description": "qudao tour"}
            made = self.people.as_user("admin").post("/api/notifications/webhook-endpoints", wanted)
            self.receiver.trust(made["secret"])
            step.facts["地址 / url"] = made["url"]
            endpoint_id: str = made["endpoint_id"]
            return endpoint_id

    def choose(self) -> list[Json]:
        """120 lines of what this dealer has a price for and its warehouse has; the last line repeats the first SKU."""
        api = self.people.as_user(self.company.buyer.user)
        with self.narration.step("查目录:自己的价格与库存", "search the catalogue: own price and stock") as step:
            found = api.get("/api/catalog/products", text="筒灯 4000K", limit=5)["products"]
            for product in found[:3]:
                step.facts[product["sku"]] = _offer(product)
            check(bool(found), "目录为空 / the catalogue found nothing")
            lines: list[Json] = []
            for product in api.pages("/api/catalog/products", "products", limit=50):
                quantity = 2 * product["order_multiple"]
                if _can_be_had(product, 2 * quantity):
                    lines.append({"sku": product["sku"], "quantity": quantity})
                if len(lines) == LINES - 1:
                    break
            lines.append(dict(lines[0]))
            check(len(lines) == LINES, f"可订商品不足 {LINES} 种 / fewer than {LINES} products can be ordered")
            return lines

    def submit(self, lines: list[Json]) -> Json:
        api, key = self.people.as_user(self.company.buyer.user), new_key()
        order = {"lines": lines, "purchase_order": "TOUR", "note": "qudao tour"}
        with self.narration.step(f"下单 {LINES} 行", f"order {LINES} lines") as step:
            confirmation = api.post("/api/orders/orders", order, key=key)
            step.facts["订单 / order"] = confirmation["order_id"]
            step.facts["金额 / total"] = (
                f"{yuan(confirmation['gross_fen'])} (含税 / tax {yuan(confirmation['tax_fen'])})"
            )
        with self.narration.step("网络不稳,再发一次", "the network stutters: send it again") as step:
            again = api.post("/api/orders/orders", order, key=key)
            check(again == confirmation, f"同一请求得到两个订单 / one intent, two answers: {again['order_id']}")
            step.facts["同一回执 / same receipt"] = again["order_id"]
        return confirmation

    def see(self, confirmation: Json) -> None:
        clerk = self.people.as_user("assistant")

        def in_queue() -> Json | None:
            queue = clerk.pages("/api/orders/review-queue", "orders", state="in_review", limit=100)
            return next((order for order in queue if order["order_id"] == confirmation["order_id"]), None)

        with self.narration.step("商务助理看到订单", "staff see the order") as step:
            order = self.wait(in_queue, "订单未出现在审核队列 / the order did not reach the review queue")
            waited = (parse_stamp(order["visible_at"]) - parse_stamp(order["submitted_at"])).total_seconds()
            step.facts["提交至可见 / submit to visible"] = f"{waited:.2f} s"
            step.facts["已占库存 / reserved"] = f"{order['reserved']} / {order['pieces']}"
            check(waited <= WITHIN_SECONDS, f"{waited:.0f} 秒后才可见 / visible only after {waited:.0f} s")
            check(order["backordered"] == 0, f"缺货 {order['backordered']} 件 / {order['backordered']} pieces short")
            confirmation["holds"] = order["holds"]

    def approve(self, confirmation: Json) -> None:
        path = f"/api/orders/orders/{confirmation['order_id']}"
        with self.narration.step("审核通过", "approve") as step:
            for hold in confirmation["holds"]:
                clerk = self.people.as_user("finance" if hold == "credit" else "assistant")
                clerk.post(f"{path}/holds/{hold}/release", {"reason": "已核实 / checked"})
                step.facts["解除冻结 / hold released"] = hold
            order = self.people.as_user("assistant").post(f"{path}/approve", {"note": "当天发货 / ships today"})
            check(order["state"] == "confirmed", f"审核后状态为 {order['state']} / {order['state']} after approval")

    def ship(self, confirmation: Json) -> Json:
        path = f"/api/orders/orders/{confirmation['order_id']}"
        with self.narration.step("整单发货", "ship everything") as step:
            parcel = {"carrier": "德邦物流 / Deppon", "waybill": f"DPK{confirmation['order_id'].replace('-', '')}"}
            shipment: Json = self.people.as_user("warehouse").post(f"{path}/shipments", parcel)
            step.facts["发货单 / shipment"] = f"{shipment['shipment_id']} {shipment['waybill']}"
            check(
                shipment["state"] == "closed" and shipment["gross_fen"] == confirmation["gross_fen"],
                f"发货金额 {yuan(shipment['gross_fen'])} 与订单不符 / the shipment is not worth what was ordered",
            )
            return shipment

    def messages(self, confirmation: Json) -> None:
        staff, dealer = self.people.as_user("assistant"), self.people.as_user(self.company.buyer.user)

        def text() -> Json | None:
            sent = staff.get("/api/notifications/sms")["texts"]
            return next((one for one in sent if _is_about(one, confirmation) and one["state"] not in _UNDER_WAY), None)

        def message() -> Json | None:
            inbox = dealer.get("/api/notifications/inbox")["messages"]
            return next((one for one in inbox if _is_about(one, confirmation)), None)

        with self.narration.step("短信与站内信", "text message and inbox") as step:
            sms = self.wait(text, "没有短信记录 / no text message was recorded")
            step.facts["短信 / SMS"] = f"{sms['phone_masked']} {sms['text']} [{sms['state']}]"
            check(sms["state"] in {"accepted", "skipped"}, f"短信状态 {sms['state']} / the text message {sms['state']}")
            inbox = self.wait(message, "没有站内信 / nothing in the dealer's inbox")
            step.facts["站内信 / inbox"] = f"{inbox['title_zh']} / {inbox['title_en']}"

    def webhook(self, confirmation: Json) -> None:
        def arrived() -> Json | None:
            check(self.receiver.refused == 0, "签名验证失败 / a webhook's signature was wrong")
            return self.receiver.wait_for(lambda message: message["subject"] == confirmation["order_id"], 0.1)

        with self.narration.step("webhook 送达并验签", "signed webhook at the sample receiver") as step:
            event = self.wait(arrived, "webhook 未送达 / the webhook did not arrive")
            step.facts["事件 / event"] = f"{event['id']} {event['type']}"
            forged = httpx.post(self.receiver.url, json=event, headers={"webhook-id": "forged"}, trust_env=False)
            check(forged.status_code == 401, "伪造的请求被接受 / the receiver took a forged request")
            step.facts["伪造请求 / forged request"] = "401"

    def statement(self, confirmation: Json, shipment: Json) -> None:
        accountant = self.people.as_user(self.company.accountant.user)

        def line() -> Json | None:
            lines = accountant.pages("/api/reconciliation/statement", "lines", limit=500)
            return next((one for one in lines if one["document_id"] == shipment["shipment_id"]), None)

        with self.narration.step("实时对账单", "live statement") as step:
            found = self.wait(line, "对账单上没有这笔发货 / the shipment is not on the statement")
            step.facts["对账行 / line"] = f"{found['posted_on']} {found['document_id']} {yuan(found['debit_fen'])}"
            step.facts["余额 / balance"] = yuan(found["balance_fen"])
            check(
                found["debit_fen"] == shipment["gross_fen"] == confirmation["gross_fen"],
                f"对账金额 {found['debit_fen']} 分,发货 {shipment['gross_fen']} 分"
                f" / the statement charges {found['debit_fen']} fen, shipped were {shipment['gross_fen']}",
            )

    def ticket(self, confirmation: Json, sku: str) -> None:
        owner, desk = self.people.as_user(self.company.owner.user), self.people.as_user("aftersales")
        with self.narration.step("售后:登记 → 受理 → 审核 → 派工 → 完成", "a service request to its end") as step:
            request = {
                "kind": "repair",
                "sku": sku,
                "title": "灯具频闪 / lamp flickers",
                "description": "安装后频闪,已换开关仍然如此 / flickers since installation, switch replaced already",
                "contact": {"name": self.company.owner.name[-3:], "phone": "+8619900009999"},
                "site_address": "门店样板间 / showroom",
                "order_id": confirmation["order_id"],
            }
            path = f"/api/tickets/tickets/{owner.post('/api/tickets/tickets', request)['ticket_id']}"
            desk.post(f"{path}/accept", {"note": "已受理 / accepted"})
            desk.post(f"{path}/review", {"note": "质保期内 / under warranty"})
            desk.post(f"{path}/dispatch", {"assignee": "工程师 谭浩然", "parts": [{"sku": sku, "quantity": 1}]})
            desk.post(f"{path}/complete", {"result": "已更换 / replaced"})
            seen = owner.get(path)
            steps = [entry["step"] for entry in seen["timeline"]]
            step.facts["工单 / ticket"] = seen["ticket_id"]
            step.facts["经销商所见 / the dealer sees"] = " → ".join(entry["label"] for entry in seen["timeline"])
            check(
                steps == ["registered", "accepted", "reviewed", "dispatched", "completed"],
                f"进度不全 / the timeline shows {steps}",
            )

    def wait(self, look: Callable[[], T | None], otherwise: str) -> T:
        """What `look` finds, as soon as it does.

        Raises:
            PromiseBroken: not within the promised time.
        """
        deadline = time.monotonic() + WITHIN_SECONDS
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise PromiseBroken(f"{otherwise} ({WITHIN_SECONDS} s)")
            self.people.pause(0.3)
        return found


_UNDER_WAY = {"queued", "sending"}


def check(kept: bool, otherwise: str) -> None:
    """See that a promise is kept.

    Raises:
        PromiseBroken: it is not.
    """
    if not kept:
        raise PromiseBroken(otherwise)


def _can_be_had(product: Json, pieces: int) -> bool:
    there = product["availability"]
    return product["status"] == "active" and product["price"] is not None and there and there["pieces"] >= pieces


def _offer(product: Json) -> str:
    price, there = product["price"], product["availability"]
    cheaper = price["next_break"]
    more = f",满 {cheaper['quantity']} 件 ¥{cheaper['unit_price']}" if cheaper else ""
    return f"{product['name_zh']}  ¥{price['unit_price']} ({price['price_policy']}){more}  {there['text']}"


def _is_about(message: Json, confirmation: Json) -> bool:
    return bool(message["event_type"] == "order.shipped.v1" and message["subject"] == confirmation["order_id"])
