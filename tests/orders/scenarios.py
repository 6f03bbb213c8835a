"""Every route and function of orders, declared once for all tests of every handler.

Situations with a longer preparation are in the files `*situations.py`, random requests in `random_requests.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from tests.orders import (
    correction_situations,
    order_list_situations,
    random_requests,
    situations,
    stock_situations,
)
from tests.orders.function_situations import FUNCTIONS
from tests.orders.quote_situations import QUOTE
from tests.orders.worklist_situations import STAFF_WORK
from tests.support.company_data import WAREHOUSE
from tests.support.steps import SHIPMENT, order_body
from tests.support.trigger import ALL_USERS, BUYERS, STAFF, Race, Trigger, variant

ADMIN = {"admin"}
CLERKS = {"assistant", "admin"}
WAREHOUSE_CLERKS = {"warehouse", "admin"}
NO_ORDER = {"order_id": "{dealer}-999999"}
IN_WAREHOUSE = {"warehouse": f"={WAREHOUSE}"}
#: Warehouses are named in capitals.
NO_WAREHOUSE = {"warehouse": "g"}
DELIVERY = IN_WAREHOUSE | {"reference": "=PO-1"}


def read(path: str, roles: Set[str] = ALL_USERS, *, order: str = "order in review", **names: str) -> Trigger:
    """Declare a route that reads an order, or the part of one that `names` name."""
    names = {"order_id": order, **names}
    return Trigger(f"GET /orders/{{order_id}}{path}", roles=roles, path=names, missing=NO_ORDER, of_dealer=True)


def act(action: str, order: str, roles: Set[str], body: Mapping[str, Any], **more: Any) -> Trigger:
    """Declare the route of an action on an order."""
    return Trigger(
        f"POST /orders/{{order_id}}/{action}",
        roles=roles,
        path={"order_id": order},
        missing=NO_ORDER,
        of_dealer=True,
        body=body,
        **more,
    )


ORDERS = [
    Trigger(
        "POST /orders",
        roles=BUYERS,
        status=202,
        body=order_body(
            ("L1", 3),
            ("L2", 1),
            shortage_policy="ship_available",
            urgent=False,
            purchase_order="PO-1",
            note="请送后门",
        ),
        situations=situations.SUBMIT,
        races=[
            Race(body=order_body(("L1", 2), ("L2", 1)), role="dealer_buyer"),
            Race("urgent", body=order_body(("L2", 1), urgent=True), role="dealer_buyer"),
        ],
        random={random_requests.submit_order: 12},
    ),
    read(""),
    read("/timeline"),
    read("/shipments", order="order partly shipped"),
    read("/shipments/{shipment_id}", order="order partly shipped", shipment_id="shipment"),
    read("/allocations", order="order with allocation"),
    Trigger("GET /review-queue", roles=STAFF),
    Trigger(
        "POST /orders/{order_id}/holds/{hold}/release",
        roles={"finance", "admin"},
        path={"order_id": "order above credit limit", "hold": "=credit"},
        missing=NO_ORDER,
        of_dealer=True,
        body={"reason": "已付款"},
        variants=[
            variant(
                roles=CLERKS,
                path={"order_id": "order short of stock", "hold": "=stock"},
                body={"reason": "等新货"},
            )
        ],
        situations=situations.RELEASE_HOLD,
        races=[Race(path={"order_id": "order short of stock", "hold": "=stock"}, role="assistant")],
        random={random_requests.release_hold: 2},
    ),
    act(
        "approve",
        "order in review",
        CLERKS,
        {"note": "今天发"},
        situations=situations.APPROVE,
        random={random_requests.approve: 6},
    ),
    act(
        "reject",
        "order to reject",
        CLERKS,
        {"reason": "停产"},
        situations=situations.REJECT,
        races=situations.races(
            {"": ("order in review", "assistant"), "of an order short of stock": ("order short of stock", "assistant")}
        ),
        random={random_requests.reject: 1},
    ),
    act(
        "cancel",
        "order to cancel",
        BUYERS | CLERKS,
        {"reason": "重复下单"},
        situations=situations.CANCEL,
        races=situations.races(
            {
                "by the dealer": ("order in review", "dealer_buyer"),
                "by a clerk": ("order in review", "assistant"),
                "of a confirmed order": ("order to ship", "assistant"),
                "of a backordered order": ("backordered order", "dealer_buyer"),
                "of a submitted order": ("submitted order", "dealer_buyer"),
            }
        ),
        random={random_requests.cancel_as_dealer: 2, random_requests.cancel_as_clerk: 1},
    ),
    act(
        "lines/cancel",
        "order in review",
        BUYERS | CLERKS,
        {"reason": "停产", "lines": [{"line_no": 1, "quantity": 1}]},
        situations=correction_situations.CANCEL_LINES,
        races=correction_situations.CANCEL_LINES_RACES,
        random={random_requests.cancel_lines: 2},
    ),
    act(
        "short-picks",
        "order to ship",
        WAREHOUSE_CLERKS,
        {"reason": "货位上没有", "lines": [{"line_no": 1, "quantity": 1}]},
        situations=correction_situations.SHORT_PICK,
        races=correction_situations.SHORT_PICK_RACES,
        random={random_requests.report_short_pick: 2},
    ),
    act(
        "extend-reservation",
        "order in review",
        BUYERS | CLERKS,
        {"reason": "等客户付款"},
        situations=situations.EXTEND_RESERVATION,
        races=[Race(role="assistant")],
        random={random_requests.extend_reservation: 1},
    ),
    act(
        "delivery-address",
        "order in review",
        BUYERS | CLERKS,
        body={"address_id": "A2"},
        situations=correction_situations.CHANGE_DELIVERY_ADDRESS,
        random={random_requests.change_delivery_address: 1},
    ),
    act(
        "shipments",
        "order to ship",
        WAREHOUSE_CLERKS | CLERKS,
        SHIPMENT | {"waybill": "SF-2", "lines": [{"line_no": 1, "quantity": 2}]},
        status=201,
        situations=situations.SHIP,
        races=[
            Race("of everything", body=SHIPMENT, role="warehouse"),
            Race("of some", body=SHIPMENT | {"lines": [{"line_no": 1, "quantity": 1}]}, role="warehouse"),
        ],
        random={random_requests.ship: 6},
    ),
    Trigger(
        "POST /orders/{order_id}/shipments/{shipment_id}/void",
        roles=WAREHOUSE_CLERKS,
        path={"order_id": "order partly shipped", "shipment_id": "shipment"},
        missing=NO_ORDER,
        of_dealer=True,
        body={"reason": "未装车"},
        situations=correction_situations.VOID_SHIPMENT,
        races=correction_situations.VOID_SHIPMENT_RACES,
        random={random_requests.void_shipment: 2},
    ),
]

STOCK = [
    Trigger(
        "POST /stock/goods-receipts",
        roles=WAREHOUSE_CLERKS,
        status=201,
        body=stock_situations.receipt("DN-2", ("L1", 5)),
        variants=[variant(body=stock_situations.receipt("DN-3", ("L4", 1), expected="PO-1"))],
        situations=stock_situations.RECEIVE_GOODS,
        random={random_requests.receive_goods: 3},
    ),
    Trigger(
        "POST /stock/adjustments",
        roles=WAREHOUSE_CLERKS,
        status=201,
        body=stock_situations.adjustment("count", ("L3", 5)),
        variants=[
            variant(body=stock_situations.adjustment(kind, ("L3", 5)))
            for kind in ("found", "lost", "set_aside", "clear", "scrap")
        ],
        situations=stock_situations.COUNT,
        races=stock_situations.ADJUST_RACES,
        random={random_requests.adjust_stock: 2},
    ),
    Trigger(
        "POST /stock/transfers",
        roles=WAREHOUSE_CLERKS,
        status=201,
        body=stock_situations.transfer("SH", ("L3", 5), expected_on="2026-12-20"),
        races=[Race(body=stock_situations.transfer("FS", ("L1", 1), expected_on="2026-11-25"))],
        random={random_requests.transfer_stock: 1},
    ),
    Trigger("GET /stock/expected/{warehouse}", roles=STAFF, path=IN_WAREHOUSE, missing=NO_WAREHOUSE),
    Trigger("GET /stock/expected/{warehouse}/{reference}", roles=STAFF, path=DELIVERY, missing={"reference": "PO-404"}),
    Trigger(
        "PUT /stock/expected/{warehouse}/{reference}",
        roles=WAREHOUSE_CLERKS | CLERKS,
        path=DELIVERY,
        missing=NO_WAREHOUSE,
        body=stock_situations.delivery(("L4", 2), expected_on="2026-12-22", version=1),
        variants=[variant(body=stock_situations.delivery(expected_on="2026-12-22", version=1))],
        races=[
            Race(
                path=IN_WAREHOUSE | {"reference": "=E1"},
                body=stock_situations.delivery(("L1", 9), expected_on="2026-11-26", version=0),
            )
        ],
        random={random_requests.expect_delivery: 1},
    ),
    Trigger(
        "GET /stock/{warehouse}/available-to-promise",
        roles=ALL_USERS,
        path=IN_WAREHOUSE,
        missing=NO_WAREHOUSE,
        query={"skus": "=L1,L4"},
    ),
    Trigger("GET /on-time-rate", roles=ALL_USERS, query={"warehouse": f"={WAREHOUSE}", "month": "=2026-11"}),
    Trigger(
        "GET /stock/{warehouse}",
        roles=STAFF,
        path=IN_WAREHOUSE,
        missing=NO_WAREHOUSE,
        variants=[variant(query={"skus": "=L1,L2"})],
    ),
]

RULES = [
    Trigger("GET /warehouses", roles=ALL_USERS),
    Trigger(
        "PUT /warehouses/{warehouse}",
        roles=ADMIN,
        path={"warehouse": "=HZ"},
        body=stock_situations.warehouse("惠州仓", "Huizhou"),
        situations=stock_situations.PUBLISH_WAREHOUSE,
        races=[
            Race("another", body=stock_situations.warehouse("惠州仓", "Huizhou")),
            Race("deactivation", path={"warehouse": "=SZ"}, body=stock_situations.DEACTIVATED),
        ],
        random={random_requests.publish_warehouse: 0.3},
    ),
    Trigger("GET /warehouses/{warehouse}/allocation-rule", roles=ALL_USERS, path=IN_WAREHOUSE, missing=NO_WAREHOUSE),
    Trigger(
        "PUT /warehouses/{warehouse}/allocation-rule",
        roles=ADMIN,
        path=IN_WAREHOUSE,
        missing=NO_WAREHOUSE,
        body={"rule": "quota", "quotas": {"A": 60, "B": 40}, "pack": 10, "reason": "旺季", "version": 0},
        situations=stock_situations.PUBLISH_ALLOCATION_RULE,
        races=[Race(body={"rule": "first_come", "quotas": {}, "pack": 1, "reason": "约定", "version": 0})],
        random={random_requests.publish_allocation_rule: 0.3},
    ),
    Trigger("GET /warehouses/{warehouse}/sourcing-rule", roles=ALL_USERS, path=IN_WAREHOUSE, missing=NO_WAREHOUSE),
    Trigger(
        "PUT /warehouses/{warehouse}/sourcing-rule",
        roles=ADMIN,
        path=IN_WAREHOUSE,
        missing=NO_WAREHOUSE,
        body={"alternates": ["SZ", "FS"], "reason": "就近", "version": 0},
        random={random_requests.publish_sourcing_rule: 0.3},
    ),
]

TRIGGERS = [*ORDERS, QUOTE, *order_list_situations.LISTS, *STAFF_WORK, *STOCK, *RULES, *FUNCTIONS]
