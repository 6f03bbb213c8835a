"""Situations in which an order is corrected: lines are cancelled, a shipment that never left is voided."""

from __future__ import annotations

from typing import Any

from tests.orders.situations import backorder, on_new_order, partly_shipped, place_wide_order
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.steps import act_on_order, drain, in_order, place_order, ship_order
from tests.support.trigger import Race, Situation, Step


def cancelled_lines(*lines: tuple[int, int]) -> dict[str, Any]:
    """Return the body of a cancellation of (line, pieces)."""
    return {"reason": "停产", "lines": [{"line_no": number, "quantity": pieces} for number, pieces in lines]}


def _change_address(address_id: str) -> Step:
    """Return a step that submits an order and gives it another delivery address."""
    return in_order(place_order(("L3", 3)), act_on_order("delivery-address", {"address_id": address_id}))


CANCEL_LINES = [
    on_new_order("backordered pieces first", backorder, body=cancelled_lines((2, 4)), role="dealer_buyer"),
    on_new_order("everything", backorder, body=cancelled_lines((1, 3), (2, 5)), role="assistant"),
    Situation("the rest, partly shipped", path=partly_shipped, body=cancelled_lines((1, 3), (2, 1)), role="assistant"),
    on_new_order(
        "contended: approved meanwhile",
        place_order(("L3", 3)),
        body=cancelled_lines((1, 1)),
        role="dealer_buyer",
        rival=act_on_order("approve", {"note": ""}),
        statuses=(409,),
    ),
    on_new_order(
        "with many buckets", place_wide_order, body=cancelled_lines((1, 2), (2, 2), (4, 5)), role="dealer_buyer"
    ),
]


CANCEL_LINES_RACES = [
    Race("by the dealer", body=cancelled_lines((1, 1)), role="dealer_buyer"),
    Race("of everything", body=cancelled_lines((1, 4), (2, 1)), role="assistant"),
    Race(
        "of a confirmed order",
        body=cancelled_lines((1, 2)),
        path={"order_id": "order to ship"},
        role="assistant",
    ),
    Race(
        "of a backordered order",
        body=cancelled_lines((1, 5)),
        path={"order_id": "backordered order"},
        role="assistant",
    ),
]


CHANGE_DELIVERY_ADDRESS = [
    on_new_order("again", _change_address("A2"), body={"address_id": "A1"}, role="assistant"),
    on_new_order(
        "contended: cancelled meanwhile",
        place_order(("L3", 3)),
        body={"address_id": "A2"},
        role="dealer_buyer",
        rival=act_on_order("cancel"),
        statuses=(409,),
    ),
]


def _not_found(*lines: tuple[int, int]) -> dict[str, Any]:
    """Return the body of a short pick of (line, pieces)."""
    return {"reason": "货位上没有", "lines": [{"line_no": number, "quantity": pieces} for number, pieces in lines]}


_to_ship = {"order_id": "order to ship"}
SHORT_PICK = [
    Situation("of the rest, partly shipped", path=partly_shipped, body=_not_found((1, 1))),
    Situation(
        "contended: shipped meanwhile", path=_to_ship, body=_not_found((1, 1)), rival=ship_order(), statuses=(409,)
    ),
    Situation(
        "contended: cancelled meanwhile",
        path=_to_ship,
        body=_not_found((1, 1)),
        rival=act_on_order("cancel", order="order to ship"),
        statuses=(409,),
    ),
]
SHORT_PICK_RACES = [Race("of some pieces", path=_to_ship, body=_not_found((1, 1)), role="warehouse")]


def _find_shipment(company: SampleCompany) -> None:
    """Give the last shipment of the order to ship a name."""
    order_id = company.ids["order to ship", OWN]
    answer = company.send("orders", "GET", f"/orders/{order_id}/shipments", role="warehouse")
    company.ids["last shipment", OWN] = answer.json["shipments"][-1]["shipment_id"]


def _shipped(**more: Any) -> Step:
    return in_order(ship_order(**more), _find_shipment)


_last_shipment = {"order_id": "order to ship", "shipment_id": "last shipment"}
VOID_SHIPMENT = [
    Situation("of a closed order", path=_last_shipment, prepare=_shipped()),
    Situation("of a part", path=_last_shipment, prepare=_shipped(pieces=1)),
    Situation("posted and recorded before", path=_last_shipment, prepare=in_order(_shipped(), drain)),
    Situation(
        "contended: the rest is shipped meanwhile",
        path=_last_shipment,
        prepare=_shipped(pieces=1),
        rival=ship_order(),
        statuses=(409,),
    ),
    Situation(
        "contended: the rest is cancelled meanwhile",
        path=_last_shipment,
        prepare=_shipped(pieces=1),
        rival=act_on_order("cancel", order="order to ship"),
    ),
]


VOID_SHIPMENT_RACES = [
    Race(
        path={"order_id": "order to ship", "shipment_id": "=D0001-000002-S01"},
        body={"reason": "未装车"},
        role="warehouse",
    )
]
