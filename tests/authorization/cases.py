"""Who may do what, written down by hand, once: every route, who is let in, about which thing, with which body.

This is the expectation; what the routes declare is what is tested against it. A route without a case fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.authorization.town import DEALER_ROLES, PRICE_LIST, ROLES, STAFF_ROLES, WAREHOUSE, Things, dealer_row, ticket

BUYERS = frozenset({"dealer_admin", "dealer_buyer"})
DEALERS = frozenset(DEALER_ROLES)
STAFF = frozenset(STAFF_ROLES)
EVERYBODY = frozenset(ROLES)


@dataclass(frozen=True)
class Case:
    """One route, or one way to ask it.

    `status`: what the allowed are answered. `things`: what stands for the variables of the path, the name of something
    in the town or "=word" for the word itself. `query`: likewise for the query. `missing`: what stands there instead
    for something that does not exist. `of_a_dealer`: dealers are answered about their own things alone.
    """

    service: str
    method: str
    path: str
    allows: frozenset[str]
    status: int = 200
    body: Callable[[str], dict[str, Any]] | None = None
    things: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    of_a_dealer: bool = False
    #: What others are answered besides 403, where the route is not closed to them but has nothing for them.
    otherwise: frozenset[int] = frozenset()
    #: Who is told that there is nothing, where others are told of an empty list.
    none_is_empty_for: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}" + ("?" + "&".join(self.query) if self.query else "")

    def asked(self, things: Things, role: str, dealer: str, *, missing: bool = False) -> str:
        """The path for a dealer's thing, or one that is not there."""
        values = {
            name: self.missing[name].format(dealer=dealer)
            if missing and name in self.missing
            else _find(things, thing, role, dealer)
            for name, thing in self.things.items()
        }
        return self.path.format_map(values)

    def query_for(self, dealer: str, *, missing: bool = False) -> dict[str, str]:
        """The query about a dealer, or one that is not there."""
        return {
            name: self.missing[name]
            if missing and name in self.missing
            else value.removeprefix("=").format(dealer=dealer)
            for name, value in self.query.items()
        }


def _find(things: Things, thing: str, role: str, dealer: str) -> str:
    """A thing of the dealer, of the house, or a word that stands for itself; anything, for who has no such thing."""
    if thing.startswith("="):
        return thing[1:].format(dealer=dealer)
    name = thing.format(role=role)
    return things.get((name, dealer)) or things.get((name, "house")) or next(iter(things.values()))


def _order_case(action: str, thing: str, allows: frozenset[str], body: dict[str, Any], status: int = 200) -> Case:
    things = {"order_id": thing}
    missing = {"order_id": "{dealer}-999999"}
    path = "/orders/{order_id}/" + action
    return Case("orders", "POST", path, allows, status, lambda _: body, things, missing, of_a_dealer=True)


def _ticket_case(action: str, thing: str, allows: frozenset[str], body: dict[str, Any]) -> Case:
    things = {"ticket_id": thing}
    path = "/tickets/{ticket_id}/" + action
    missing = {"ticket_id": "T-{dealer}-99999"}
    return Case("tickets", "POST", path, allows, 200, lambda _: body, things, missing, of_a_dealer=True)


def _rule_case(method: str, rule: str, allows: frozenset[str], body: dict[str, Any] | None = None) -> Case:
    things = {"warehouse": f"={WAREHOUSE}"}
    missing = {"warehouse": "no-such"}
    path = "/warehouses/{warehouse}/" + rule
    return Case("orders", method, path, allows, 200, (lambda _: body) if body else None, things, missing)


ORDER = {"order_id": "order in review"}
NO_ORDER = {"order_id": "{dealer}-999999"}
TICKET = {"ticket_id": "ticket completed"}
NO_TICKET = {"ticket_id": "T-{dealer}-99999"}
ENDPOINT = {"endpoint_id": "endpoint"}
NO_ENDPOINT = {"endpoint_id": "whe_01JDB7000000000000000000ZZ"}
OF_DEALER = {"dealer_id": "={dealer}"}
NO_DEALER = {"dealer_id": "D9999"}


def _new_dealer(_: str) -> dict[str, Any]:
    row = dealer_row("D0007")
    return {"dealers": [row | {"users": [{**row["users"][0], "username": "new-owner"}]}]}


def _terms(_: str) -> dict[str, Any]:
    return {
        "version": 1,
        "status": "active",
        "grade": "二级",
        "price_list": PRICE_LIST,
        "warehouse": WAREHOUSE,
        "credit_limit_fen": 5,
        "payment_days": 10,
        "reason": "年度调整",
    }


CASES = [
    # ---- catalog ----
    Case(
        "catalog",
        "POST",
        "/imports/products",
        frozenset({"assistant", "admin"}),
        body=lambda _: {
            "products": [
                {
                    "sku": "L9",
                    "name_zh": "新",
                    "name_en": "New",
                    "category": "灯",
                    "specs": {"功率": "9W"},
                    "carton": 10,
                    "order_multiple": 2,
                    "tax_percent": 13,
                    "status": "discontinued",
                    "successor": "L1",
                }
            ]
        },
    ),
    Case(
        "catalog",
        "POST",
        "/price-lists/{price_list_id}/drafts/{draft}/prices",
        frozenset({"assistant", "admin"}),
        body=lambda _: {
            "prices": [
                {
                    "sku": "L1",
                    "unit_price": "11.00",
                    "price_policy": "标准价",
                    "breaks": [{"quantity": 100, "unit_price": "10.00"}],
                }
            ]
        },
        things={"price_list_id": f"={PRICE_LIST}", "draft": "=2"},
    ),
    Case(
        "catalog",
        "POST",
        "/price-lists/{price_list_id}/drafts/{draft}/publish",
        frozenset({"assistant", "admin"}),
        body=lambda _: {"name": "一级价", "valid_from": "2026-01-01", "valid_to": "2027-12-31"},
        things={"price_list_id": f"={PRICE_LIST}", "draft": "=2"},
    ),
    Case("catalog", "GET", "/products", EVERYBODY),
    Case("catalog", "GET", "/products", EVERYBODY, query=OF_DEALER, missing=NO_DEALER, of_a_dealer=True),
    Case("catalog", "GET", "/products/{sku}", EVERYBODY, things={"sku": "=L1"}, missing={"sku": "L404"}),
    Case(
        "catalog",
        "GET",
        "/products/{sku}",
        EVERYBODY,
        things={"sku": "=L1"},
        query=OF_DEALER,
        missing=NO_DEALER,
        of_a_dealer=True,
    ),
    # ---- channel ----
    Case("dealers", "POST", "/imports/dealers", frozenset({"admin"}), body=_new_dealer),
    Case(
        "dealers",
        "POST",
        "/imports/staff",
        frozenset({"admin"}),
        body=lambda _: {
            "staff": [{"username": "new-clerk", "name": "新", "phone": "+8613712345678", "roles": ["assistant"]}]
        },
    ),
    Case("dealers", "GET", "/dealers", STAFF),
    Case("dealers", "GET", "/dealers/{dealer_id}", EVERYBODY, things=OF_DEALER, missing=NO_DEALER, of_a_dealer=True),
    Case(
        "dealers",
        "PUT",
        "/dealers/{dealer_id}/terms",
        frozenset({"finance", "admin"}),
        body=_terms,
        things=OF_DEALER,
        missing=NO_DEALER,
        of_a_dealer=True,
    ),
    Case("dealers", "GET", "/me", EVERYBODY),
    # ---- orders ----
    Case(
        "orders",
        "POST",
        "/orders",
        BUYERS,
        202,
        lambda _: {
            "lines": [{"sku": "L1", "quantity": 3}, {"sku": "L2", "quantity": 1}],
            "shortage_policy": "ship_available",
            "urgent": False,
            "purchase_order": "PO-1",
            "note": "请送后门",
        },
    ),
    Case("orders", "GET", "/orders", DEALERS, otherwise=frozenset({404})),
    Case(
        "orders",
        "GET",
        "/orders",
        EVERYBODY,
        query=OF_DEALER,
        missing=NO_DEALER,
        of_a_dealer=True,
        none_is_empty_for=STAFF,
    ),
    Case("orders", "GET", "/orders/{order_id}", EVERYBODY, things=ORDER, missing=NO_ORDER, of_a_dealer=True),
    Case("orders", "GET", "/orders/{order_id}/timeline", EVERYBODY, things=ORDER, missing=NO_ORDER, of_a_dealer=True),
    Case(
        "orders",
        "GET",
        "/orders/{order_id}/shipments",
        EVERYBODY,
        things={"order_id": "order partly shipped"},
        missing=NO_ORDER,
        of_a_dealer=True,
    ),
    Case(
        "orders",
        "GET",
        "/orders/{order_id}/allocations",
        EVERYBODY,
        things={"order_id": "order served from the line"},
        missing=NO_ORDER,
        of_a_dealer=True,
    ),
    Case("orders", "GET", "/review-queue", STAFF),
    Case(
        "orders",
        "POST",
        "/orders/{order_id}/holds/{hold}/release",
        frozenset({"finance", "admin"}),
        body=lambda _: {"reason": "已付款"},
        things={"order_id": "order beyond credit", "hold": "=credit"},
        missing=NO_ORDER,
        of_a_dealer=True,
    ),
    Case(
        "orders",
        "POST",
        "/orders/{order_id}/holds/{hold}/release",
        frozenset({"assistant", "admin"}),
        body=lambda _: {"reason": "等新货"},
        things={"order_id": "order short of stock", "hold": "=stock"},
        missing=NO_ORDER,
        of_a_dealer=True,
    ),
    _order_case("approve", "order in review", frozenset({"assistant", "admin"}), {"note": "今天发"}),
    _order_case("reject", "order to reject", frozenset({"assistant", "admin"}), {"reason": "停产"}),
    _order_case("cancel", "order to cancel", BUYERS | {"assistant", "admin"}, {"reason": "重复下单"}),
    _order_case("extend-reservation", "order in review", BUYERS | {"assistant", "admin"}, {"reason": "等客户付款"}),
    _order_case(
        "shipments",
        "order to ship",
        frozenset({"warehouse", "assistant", "admin"}),
        {"carrier": "顺丰", "waybill": "SF-2", "lines": [{"line_no": 1, "quantity": 2}]},
        201,
    ),
    Case(
        "orders",
        "POST",
        "/stock/goods-receipts",
        frozenset({"warehouse", "admin"}),
        201,
        lambda _: {"warehouse": WAREHOUSE, "reference": "DN-2", "lines": [{"sku": "L1", "quantity": 5}]},
    ),
    Case(
        "orders",
        "POST",
        "/stock/goods-receipts",
        frozenset({"warehouse", "admin"}),
        201,
        lambda _: {
            "warehouse": WAREHOUSE,
            "reference": "DN-3",
            "expected": "PO-1",
            "lines": [{"sku": "L4", "quantity": 1}],
        },
    ),
    *(
        Case(
            "orders",
            "POST",
            "/stock/adjustments",
            frozenset({"warehouse", "admin"}),
            201,
            lambda _, kind=kind: {  # type: ignore[misc]
                "warehouse": WAREHOUSE,
                "reference": "A-1",
                "kind": kind,
                "reason": "月末盘点",
                "lines": [{"sku": "L3", "quantity": 5}],
            },
        )
        for kind in ("count", "found", "lost", "set_aside", "clear", "scrap")
    ),
    Case(
        "orders",
        "POST",
        "/stock/transfers",
        frozenset({"warehouse", "admin"}),
        201,
        lambda _: {
            "from_warehouse": WAREHOUSE,
            "to_warehouse": "SH",
            "reference": "T-1",
            "expected_on": "2026-12-20",
            "reason": "补货",
            "lines": [{"sku": "L3", "quantity": 5}],
        },
    ),
    Case(
        "orders",
        "GET",
        "/stock/expected/{warehouse}",
        STAFF,
        things={"warehouse": f"={WAREHOUSE}"},
        missing={"warehouse": "gz"},
    ),
    Case(
        "orders",
        "GET",
        "/stock/expected/{warehouse}/{reference}",
        STAFF,
        things={"warehouse": f"={WAREHOUSE}", "reference": "=PO-1"},
        missing={"reference": "PO-404"},
    ),
    *(
        Case(
            "orders",
            "PUT",
            "/stock/expected/{warehouse}/{reference}",
            frozenset({"warehouse", "assistant", "admin"}),
            body=lambda _, lines=lines: {  # type: ignore[misc]
                "expected_on": "2026-12-22",
                "lines": lines,
                "reason": "船期推迟",
                "version": 1,
            },
            things={"warehouse": f"={WAREHOUSE}", "reference": "=PO-1"},
            missing={"warehouse": "gz"},
        )
        for lines in ([{"sku": "L4", "quantity": 2}], [])
    ),
    Case(
        "orders",
        "GET",
        "/stock/{warehouse}/available-to-promise",
        EVERYBODY,
        things={"warehouse": f"={WAREHOUSE}"},
        missing={"warehouse": "gz"},
        query={"skus": "=L1,L4"},
    ),
    Case("orders", "GET", "/on-time-rate", EVERYBODY, query={"warehouse": f"={WAREHOUSE}", "month": "=2026-11"}),
    Case("orders", "GET", "/stock/{warehouse}", STAFF, things={"warehouse": f"={WAREHOUSE}"}, query={"skus": "=L1,L2"}),
    _rule_case("GET", "allocation-rule", EVERYBODY),
    _rule_case(
        "PUT",
        "allocation-rule",
        frozenset({"admin"}),
        {"rule": "quota", "quotas": {"A": 60, "B": 40}, "pack": 10, "reason": "旺季", "version": 0},
    ),
    _rule_case("GET", "sourcing-rule", EVERYBODY),
    _rule_case(
        "PUT", "sourcing-rule", frozenset({"admin"}), {"alternates": ["SZ", "FS"], "reason": "就近", "version": 0}
    ),
    # ---- reconciliation ----
    Case(
        "reconciliation",
        "POST",
        "/payments",
        frozenset({"finance"}),
        201,
        lambda dealer: {
            "dealer_id": dealer,
            "amount_fen": 500,
            "received_on": "2026-12-01",
            "bank": "MAIN",
            "bank_reference": "BK-9",
        },
    ),
    Case(
        "reconciliation",
        "GET",
        "/journals/{journal_id}",
        frozenset({"finance", "admin"}),
        things={"journal_id": "journal"},
        missing={"journal_id": "{dealer}.payment.pay_01JDB7000000000000000000ZZ"},
        of_a_dealer=True,
    ),
    Case(
        "reconciliation",
        "POST",
        "/journals/{journal_id}/reversal",
        frozenset({"finance"}),
        201,
        lambda _: {"reason": "记错户"},
        things={"journal_id": "journal to reverse"},
        missing={"journal_id": "{dealer}.payment.pay_01JDB7000000000000000000ZZ"},
        of_a_dealer=True,
    ),
    Case(
        "reconciliation",
        "GET",
        "/statement",
        frozenset({"dealer_admin", "dealer_accountant"}),
        otherwise=frozenset({422}),
    ),
    Case(
        "reconciliation",
        "GET",
        "/statement",
        frozenset({"dealer_admin", "dealer_accountant", "finance", "assistant", "admin"}),
        query=OF_DEALER,
        missing=NO_DEALER,
        of_a_dealer=True,
    ),
    Case("reconciliation", "GET", "/trial-balance", frozenset({"finance", "admin"})),
    Case(
        "reconciliation",
        "POST",
        "/statement-runs",
        frozenset({"finance"}),
        202,
        lambda _: {"period": "2026-11"},
    ),
    Case(
        "reconciliation",
        "GET",
        "/statement-runs/{period}",
        frozenset({"finance", "admin"}),
        things={"period": "=2026-11"},
        missing={"period": "2020-01"},
    ),
    Case(
        "reconciliation",
        "GET",
        "/statements",
        frozenset({"dealer_admin", "dealer_accountant"}),
        otherwise=frozenset({422}),
    ),
    Case(
        "reconciliation",
        "GET",
        "/statements",
        frozenset({"dealer_admin", "dealer_accountant", "finance", "assistant", "admin"}),
        query=OF_DEALER,
        missing=NO_DEALER,
        of_a_dealer=True,
    ),
    Case(
        "reconciliation",
        "GET",
        "/statements/{statement_id}",
        frozenset({"dealer_admin", "dealer_accountant", "finance", "assistant", "admin"}),
        things={"statement_id": "statement"},
        missing={"statement_id": "{dealer}-2020-01"},
        of_a_dealer=True,
    ),
    # ---- notifications ----
    Case("notifications", "GET", "/inbox", EVERYBODY),
    Case(
        "notifications",
        "POST",
        "/inbox/{message_id}/read",
        EVERYBODY - {"finance"},  # who has no mailbox
        otherwise=frozenset({404}),
        things={"message_id": "message of {role}"},
        missing={"message_id": "1795399200433.dealer.evt_{dealer}-999999_5"},
        of_a_dealer=True,
    ),
    Case("notifications", "GET", "/sms", STAFF),
    Case("notifications", "GET", "/webhook-endpoints", frozenset({"admin"})),
    Case(
        "notifications",
        "POST",
        "/webhook-endpoints",
        frozenset({"admin"}),
        201,
        lambda _: {"url": "https://erp.example.com/qudao", "types": ["order.shipped.v1"], "description": "ERP"},
    ),
    Case(
        "notifications",
        "DELETE",
        "/webhook-endpoints/{endpoint_id}",
        frozenset({"admin"}),
        things=ENDPOINT,
        missing=NO_ENDPOINT,
    ),
    Case(
        "notifications",
        "POST",
        "/webhook-endpoints/{endpoint_id}/rotate-secret",
        frozenset({"admin"}),
        things=ENDPOINT,
        missing=NO_ENDPOINT,
    ),
    Case(
        "notifications",
        "GET",
        "/webhook-endpoints/{endpoint_id}/deliveries",
        frozenset({"admin"}),
        things=ENDPOINT,
        missing=NO_ENDPOINT,
    ),
    Case(
        "notifications",
        "POST",
        "/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/replay",
        frozenset({"admin"}),
        202,
        things=ENDPOINT | {"event_id": "event"},
        missing={"event_id": "evt_{dealer}-999999_1"},
    ),
    # ---- tickets ----
    Case("tickets", "POST", "/tickets", BUYERS, 201, ticket),
    Case("tickets", "GET", "/tickets", EVERYBODY),
    Case("tickets", "GET", "/tickets", STAFF, query=OF_DEALER, otherwise=frozenset({422})),
    Case("tickets", "GET", "/tickets/{ticket_id}", EVERYBODY, things=TICKET, missing=NO_TICKET, of_a_dealer=True),
    _ticket_case(
        "accept",
        "ticket registered",
        frozenset({"assistant", "aftersales", "admin"}),
        {"note": "收到", "internal_note": "老客户", "expected_at": "2026-12-10T02:00:00Z"},
    ),
    _ticket_case("review", "ticket accepted", frozenset({"aftersales", "admin"}), {"note": "在保"}),
    _ticket_case(
        "dispatch",
        "ticket reviewed",
        frozenset({"aftersales", "admin"}),
        {
            "assignee": "张工",
            "visit_at": "2026-12-10T02:00:00Z",
            "parts": [{"sku": "L2", "quantity": 1}],
            "note": "上午到",
            "internal_note": "带梯子",
        },
    ),
    _ticket_case(
        "complete",
        "ticket dispatched",
        frozenset({"aftersales", "admin"}),
        {"result": "已更换", "cost": {"brand_fen": 100, "dealer_fen": 0, "customer_fen": 0}},
    ),
    _ticket_case(
        "reject", "ticket registered", frozenset({"assistant", "aftersales", "admin"}), {"reason": "人为损坏"}
    ),
    _ticket_case(
        "ask", "ticket registered", frozenset({"assistant", "aftersales", "admin"}), {"question": "电源型号?"}
    ),
    _ticket_case("answer", "ticket asked about", BUYERS, {"answer": "LRS-100"}),
    _ticket_case("reopen", "ticket completed", BUYERS, {"reason": "又不亮了"}),
    _ticket_case("rating", "ticket completed", BUYERS, {"score": 5, "comment": "很快"}),
]
