"""Who does what. An actor looks round and asks for something, or has nothing to do; `ACTORS` is all there are.

A new route needs one function here and one line below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from services.orders.order.items import part_key
from tests.simulation.places import DEALERS, SKUS, WAREHOUSES
from tests.support.world import World


class Ask(NamedTuple):
    """One request; `key` names it for ever."""

    service: str
    path: str
    body: Mapping[str, Any]
    role: str
    dealer: str | None
    key: str
    method: str = "POST"


@dataclass
class View:
    """What people know: the orders that were taken, the journals that were booked; and where an order stands."""

    world: World
    lot: Random
    orders: list[str] = field(default_factory=list)
    journals: list[str] = field(default_factory=list)
    asked: int = 0

    def learn(self, ask: Ask, answer: Any) -> None:
        """Take in what was answered to a request that was accepted."""
        if ask.path == "/orders":
            self.orders.append(answer["order_id"])
        if ask.path == "/payments":
            self.journals.append(answer["journal_id"])

    def order(self, *states: str) -> str | None:
        """An order, mostly one in one of these states."""
        fitting = [order_id for order_id in self.orders if self._state(order_id) in states]
        if self.lot.random() < 0.1:
            fitting = self.orders
        return self.lot.choice(fitting) if fitting else None

    def _state(self, order_id: str) -> str:
        header: Any = self.world.find(part_key("HEADER", order_id)) or {}
        return str(header.get("state", {}).get("S"))

    def post(self, path: str, body: Mapping[str, Any], role: str, *, service: str = "orders") -> Ask:
        """Something one of the staff asks for."""
        return Ask(service, path, body, role, None, self._key())

    def of_dealer(self, dealer_id: str, path: str, body: Mapping[str, Any]) -> Ask:
        """Something a dealer's buyer asks for."""
        return Ask("orders", path, body, "dealer_buyer", dealer_id, self._key())

    def _key(self) -> str:
        self.asked += 1
        return f"play-{self.asked}"


Actor = Callable[[View], Ask | None]


def a_dealer_orders(view: View) -> Ask:
    lot = view.lot
    lines = [
        {"sku": lot.choice(SKUS[:1] * 3 + SKUS), "quantity": lot.choice([1, 1, 2, 3, 5, 8, 13])}
        for _ in range(lot.choice([1, 1, 1, 2, 3]))
    ]
    shortage_policy = lot.choice(["ship_available", "ship_available", "all_or_nothing", "wait"])
    body = {"lines": lines, "shortage_policy": shortage_policy, "urgent": lot.random() < 0.15}
    return view.of_dealer(lot.choice(DEALERS), "/orders", body)


def a_dealer_cancels(view: View) -> Ask | None:
    order_id = view.order("submitted", "in_review")
    return order_id and view.of_dealer(order_id[:5], f"/orders/{order_id}/cancel", {"reason": "不要了"})  # type: ignore[return-value]


def a_clerk_approves(view: View) -> Ask | None:
    return _about(view, "approve", {}, "assistant", "in_review")


def a_clerk_rejects(view: View) -> Ask | None:
    return _about(view, "reject", {"reason": "缺货"}, "assistant", "in_review")


def a_clerk_cancels(view: View) -> Ask | None:
    return _about(view, "cancel", {"reason": "客户来电"}, "assistant", "submitted", "in_review", "confirmed")


def a_clerk_renews(view: View) -> Ask | None:
    return _about(view, "extend-reservation", {"reason": "客户确认中"}, "assistant", "in_review", "confirmed")


def a_hold_is_released(view: View) -> Ask | None:
    hold, role = view.lot.choice([("stock", "assistant"), ("credit", "finance")])
    return _about(view, f"holds/{hold}/release", {"reason": "已核实"}, role, "in_review")


def the_depot_ships(view: View) -> Ask | None:
    body: dict[str, Any] = {"carrier": "顺丰", "waybill": f"SF{view.asked}"}
    if view.lot.random() < 0.3:
        body["lines"] = [{"line_no": 1, "quantity": view.lot.choice([1, 2])}]
    return _about(view, "shipments", body, "warehouse", "confirmed")


def the_depot_receives(view: View) -> Ask:
    skus = view.lot.sample(SKUS, view.lot.choice([1, 1, 2]))
    body = {
        "warehouse": view.lot.choice(WAREHOUSES[:1] * 3 + WAREHOUSES),
        "reference": f"DN-{view.lot.randrange(30)}",
        "lines": [{"sku": name, "quantity": view.lot.choice([1, 4, 20])} for name in skus],
    }
    return view.post("/stock/goods-receipts", body, "warehouse")


def the_depot_corrects_stock(view: View) -> Ask:
    kind = view.lot.choice(["count", "found", "lost", "set_aside", "clear", "scrap"])
    body = {
        "warehouse": "GZ",
        "reference": f"ADJ-{view.lot.randrange(20)}",
        "kind": kind,
        "reason": "盘点",
        "lines": [
            {"sku": view.lot.choice(SKUS), "quantity": view.lot.choice([0, 1, 2, 7] if kind == "count" else [1, 2])}
        ],
    }
    return view.post("/stock/adjustments", body, "warehouse")


def the_depot_sends_goods_on(view: View) -> Ask:
    source, target = view.lot.sample(WAREHOUSES, 2)
    body = {
        "from_warehouse": source,
        "to_warehouse": target,
        "reference": f"TR-{view.lot.randrange(20)}",
        "expected_on": "2026-11-25",
        "reason": "调拨",
        "lines": [{"sku": view.lot.choice(SKUS), "quantity": view.lot.choice([1, 3])}],
    }
    return view.post("/stock/transfers", body, "warehouse")


def goods_are_expected(view: View) -> Ask:
    body = {
        "expected_on": view.lot.choice(["2026-11-24", "2026-11-26", "2026-12-02"]),
        "lines": [{"sku": name, "quantity": 20} for name in view.lot.sample(SKUS, view.lot.choice([0, 1, 2]))],
        "reason": "工厂通知",
        "version": view.lot.choice([0, 0, 1, 2]),
    }
    ask = view.post(f"/stock/expected/GZ/DN-{view.lot.randrange(6)}", body, "warehouse")
    return ask._replace(method="PUT")


def a_rule_is_published(view: View) -> Ask:
    rule = view.lot.choice(["first_come", "quota", "pro_rata_by_tier"])
    body = {"rule": rule, "quotas": {"A": 5} if rule == "quota" else {}, "pack": 1, "reason": "约定"}
    ask = view.post("/warehouses/GZ/allocation-rule", body | {"version": view.lot.choice([0, 1])}, "admin")
    return ask._replace(method="PUT")


def somebody_stands_in(view: View) -> Ask:
    body = {"alternates": view.lot.choice([[], ["FS"]]), "reason": "约定", "version": view.lot.choice([0, 1])}
    return view.post("/warehouses/GZ/sourcing-rule", body, "admin")._replace(method="PUT")


def finance_books_money(view: View) -> Ask:
    body = {
        "dealer_id": view.lot.choice(DEALERS),
        "amount_fen": view.lot.choice([100, 2_500, 10_000]),
        "received_on": "2026-11-23",
        "bank_reference": f"BANK {view.lot.randrange(30)}",
    }
    return view.post("/payments", body, "finance", service="reconciliation")


def finance_takes_a_journal_back(view: View) -> Ask | None:
    if not view.journals:
        return None
    journal_id = view.lot.choice(view.journals)
    return view.post(f"/journals/{journal_id}/reversal", {"reason": "记错"}, "finance", service="reconciliation")


def _about(view: View, action: str, body: Mapping[str, Any], role: str, *states: str) -> Ask | None:
    order_id = view.order(*states)
    return view.post(f"/orders/{order_id}/{action}", body, role) if order_id else None


#: How often, beside the others.
ACTORS: tuple[tuple[float, Actor], ...] = (
    (12, a_dealer_orders),
    (2, a_dealer_cancels),
    (6, a_clerk_approves),
    (1, a_clerk_rejects),
    (1, a_clerk_cancels),
    (1, a_clerk_renews),
    (2, a_hold_is_released),
    (6, the_depot_ships),
    (3, the_depot_receives),
    (2, the_depot_corrects_stock),
    (1, the_depot_sends_goods_on),
    (1, goods_are_expected),
    (0.3, a_rule_is_published),
    (0.3, somebody_stands_in),
    (1, finance_books_money),
    (1, finance_takes_a_journal_back),
)
