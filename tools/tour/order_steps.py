"""Steps of a tour from sign-in to the shipment of an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kernel.base.money import format_yuan
from kernel.time.clock import parse_stamp
from tools.client import Json, new_key
from tools.holds import release_holds
from tools.tour.narration import check
from tools.tour.walk import WITHIN_SECONDS, Walk

LINES = 120


def sign_in(walk: Walk) -> None:
    """Sign in as the dealer's buyer."""
    with walk.narration.step("登录", "log in") as step:
        me = walk.buyer.get("/api/dealers/me")
        step.facts["用户 / user"] = f"{walk.dealer.buyer.user} {me['name']}"
        step.facts["经销商 / dealer"] = f"{me['dealer']['dealer_id']} {me['dealer']['name']}"
        check(me["dealer"]["dealer_id"] == walk.dealer.dealer_id, "身份不符 / the token is another dealer's")


def register_endpoint(walk: Walk) -> str:
    """Register the sample receiver as a webhook endpoint and return the endpoint's id."""
    with walk.narration.step("登记 webhook 接收端", "register a webhook receiver") as step:
        body = {"url": walk.receiver.url, "types": ["order.shipped.v1"], "description": "qudao tour"}
        endpoint = walk.users.api("admin").post("/api/notifications/webhook-endpoints", body)
        walk.receiver.trust(endpoint["secret"])
        step.facts["地址 / url"] = endpoint["url"]
        endpoint_id: str = endpoint["endpoint_id"]
        return endpoint_id


def choose_lines(walk: Walk) -> list[Json]:
    """Choose 120 lines of products with a price and enough stock; the last line repeats the first SKU."""
    with walk.narration.step("查目录:自己的价格与库存", "search the catalogue: own price and stock") as step:
        found = walk.buyer.get("/api/catalog/products", text="筒灯 4000K", limit=5)["products"]
        for product in found[:3]:
            step.facts[product["sku"]] = _offer_text(product)
        check(bool(found), "目录为空 / the catalogue found nothing")
        lines: list[Json] = []
        missing: Counter[tuple[str, str]] = Counter()
        for product in walk.buyer.pages("/api/catalog/products", "products", limit=50):
            quantity = 2 * product["order_multiple"]
            if obstacle := _what_is_missing(product, 2 * quantity):
                missing[obstacle] += 1
            else:
                lines.append({"sku": product["sku"], "quantity": quantity})
            if len(lines) == LINES - 1:
                break
        check(len(lines) == LINES - 1, _too_few_text(len(lines), missing))
        return [*lines, dict(lines[0])]


def submit_order(walk: Walk, lines: list[Json]) -> Json:
    """Submit an order twice under one key and return its confirmation."""
    key = new_key()
    order = {"lines": lines, "purchase_order": f"TOUR-{key}"[:60], "note": "qudao tour"}
    with walk.narration.step(f"下单 {LINES} 行", f"order {LINES} lines") as step:
        confirmation = walk.buyer.post("/api/orders/orders", order, key=key)
        step.facts["订单 / order"] = confirmation["order_id"]
        tax = f"含税 / tax {format_yuan(confirmation['tax_fen'])}"
        step.facts["金额 / total"] = f"{format_yuan(confirmation['gross_fen'])} ({tax})"
    with walk.narration.step("网络不稳,再发一次", "the network stutters: send it again") as step:
        repeated = walk.buyer.post("/api/orders/orders", order, key=key)
        check(repeated == confirmation, f"同一请求得到两个订单 / one intent, two answers: {repeated['order_id']}")
        step.facts["同一回执 / same confirmation"] = repeated["order_id"]
    return confirmation


def see_order(walk: Walk, confirmation: Json) -> Json:
    """Wait until staff see the order in the review queue, and return its summary."""
    clerk = walk.users.api("assistant")

    def find() -> Json | None:
        queue = clerk.pages("/api/orders/review-queue", "orders", state="in_review", limit=100)
        return next((order for order in queue if order["order_id"] == confirmation["order_id"]), None)

    with walk.narration.step("商务助理看到订单", "staff see the order") as step:
        order = walk.wait(find, "订单未出现在审核队列 / the order did not reach the review queue")
        seconds = (parse_stamp(order["visible_at"]) - parse_stamp(order["submitted_at"])).total_seconds()
        step.facts["提交至可见 / submit to visible"] = f"{seconds:.2f} s"
        step.facts["已预留 / reserved"] = f"{order['reserved']} / {order['pieces']}"
        check(seconds <= WITHIN_SECONDS, f"{seconds:.0f} 秒后才可见 / visible only after {seconds:.0f} s")
        check(order["backordered"] == 0, f"缺货 {order['backordered']} 件 / {order['backordered']} pieces short")
    return order


def approve_order(walk: Walk, summary: Json) -> None:
    """Release the holds of an order and approve it."""
    path = f"/api/orders/orders/{summary['order_id']}"
    with walk.narration.step("审核通过", "approve") as step:
        for hold in summary["holds"]:
            step.facts["解除冻结 / hold released"] = hold
        release_holds(walk.users, summary)
        order = walk.users.api("assistant").post(f"{path}/approve", {"note": "当天发货 / ships today"})
        check(order["state"] == "confirmed", f"审核后状态为 {order['state']} / {order['state']} after approval")


def ship_order(walk: Walk, confirmation: Json) -> Json:
    """Ship all pieces of an order and return the shipment."""
    path = f"/api/orders/orders/{confirmation['order_id']}"
    with walk.narration.step("整单发货", "ship everything") as step:
        body = {"carrier": "德邦物流 / Deppon", "waybill": f"DPK{confirmation['order_id'].replace('-', '')}"}
        shipment: Json = walk.users.api("warehouse").post(f"{path}/shipments", body)
        step.facts["发货单 / shipment"] = f"{shipment['shipment_id']} {shipment['waybill']}"
        check(
            shipment["state"] == "closed" and shipment["gross_fen"] == confirmation["gross_fen"],
            f"发货金额 {format_yuan(shipment['gross_fen'])} 与订单不符 / the shipment is not worth what was ordered",
        )
        return shipment


_NO_PRICE = ("没有价格", "without a price")
_DISCONTINUED = ("已停产", "discontinued")
_TOO_LITTLE_STOCK = ("库存不足", "without enough stock")


def _what_is_missing(product: Json, pieces: int) -> tuple[str, str] | None:
    """Return what stops an order of these pieces, in both languages; None if nothing does."""
    if product["status"] == "discontinued":
        return _DISCONTINUED
    if product["price"] is None:
        return _NO_PRICE
    availability = product["availability"]
    return None if availability and availability["pieces"] >= pieces else _TOO_LITTLE_STOCK


def _too_few_text(orderable: int, missing: Mapping[tuple[str, str], int]) -> str:
    chinese = "".join(f",{number} 种{reason}" for (reason, _), number in missing.items())
    english = "".join(f", {number} {reason}" for (_, reason), number in missing.items())
    return (
        f"可订商品只有 {orderable} 种,需要 {LINES - 1} 种{chinese} / "
        f"{orderable} products can be ordered, {LINES - 1} are needed{english}"
    )


def _offer_text(product: Json) -> str:
    price, availability = product["price"], product["availability"]
    if price is None or availability is None:
        lacking = "无价格 / no price" if price is None else "无库存信息 / no stock is shown"
        return f"{product['name_zh']}  {lacking}"
    next_break = price["next_break"]
    cheaper = f",满 {next_break['quantity']} 件 ¥{next_break['unit_price']}" if next_break else ""
    unit_price = f"¥{price['unit_price']} ({price['price_policy']})"
    return f"{product['name_zh']}  {unit_price}{cheaper}  {availability['label_zh']}"
