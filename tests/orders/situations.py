"""Situations in which the routes of orders take different paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, dealer_row
from tests.support.steps import (
    NEW_ORDER,
    SHIPMENT,
    act_on_order,
    advance_clock,
    approve_order,
    change_terms,
    drain,
    in_order,
    one_bucket_per_transaction,
    order_body,
    place_order,
    receive_goods,
    request,
    ship_order,
    stock_many_buckets,
    submit_order,
    wide_lines,
)
from tests.support.trigger import Race, Situation, Step


def on_new_order(name: str, prepare: Step, **more: Any) -> Situation:
    """Return a situation of an action on the order that `prepare` creates."""
    return Situation(name, path=NEW_ORDER, prepare=prepare, **more)


#: An order whose L5 is partly backordered.
backorder = in_order(receive_goods("DN-5", ("L5", 2)), drain, place_order(("L3", 3), ("L5", 5)))
place_wide_order = in_order(stock_many_buckets(), place_order(*wide_lines(5, 5, 5, 5)))
#: L5 has no stock: an order of each dealer waits for four pieces.
place_two_backorders = in_order(place_order(("L5", 4)), place_order(("L5", 4), dealer=OTHER, name="order of the other"))
partly_shipped = {"order_id": "order partly shipped"}
#: A shipment whose payment is due on its day: overdue tomorrow.
owe_from_tomorrow = in_order(
    change_terms(payment_days=0), place_order(("L2", 9)), approve_order, ship_order("new order"), drain
)
overdue_by_now = in_order(owe_from_tomorrow, place_order(("L3", 3)), advance_clock(days=1))


def _ship_in_vain(company: SampleCompany) -> None:
    """Ship the new order, which credit refuses; it is put on credit hold."""
    path = f"/orders/{company.ids['new order', OWN]}/shipments"
    assert company.send("orders", "POST", path, dict(SHIPMENT), role="warehouse").json["code"] == "credit-hold"


def _import_dealer(company: SampleCompany) -> None:
    users = [{**dealer_row(OWN)["users"][0], "username": "ninth"}]
    row = dealer_row(OWN) | {"dealer_id": "D0009", "users": users}
    company.send_and_drain("dealers", "POST", "/imports/dealers", {"dealers": [row]}, role="admin")


# ---- orders ----

SUBMIT = [
    Situation("short of stock", body=order_body(("L5", 3)), role="dealer_buyer"),
    Situation(
        "all or nothing",
        body=order_body(("L3", 3), ("L5", 1), shortage_policy="all_or_nothing"),
        role="dealer_buyer",
    ),
    Situation("waits for everything", body=order_body(("L5", 3), shortage_policy="wait"), role="dealer_buyer"),
    Situation("above the credit limit", body=order_body(("L3", 9_000)), role="dealer_buyer"),
    Situation(
        "with an overdue debt",
        body=order_body(("L3", 3)),
        role="dealer_buyer",
        prepare=in_order(owe_from_tomorrow, advance_clock(days=1)),
    ),
    Situation("urgent", body=order_body(("L3", 1), urgent=True), role="dealer_buyer"),
    Situation(
        "urgent for the second time",
        body=order_body(("L3", 1), urgent=True),
        role="dealer_buyer",
        prepare=place_order(("L3", 1), urgent=True),
    ),
    Situation("one product in two lines", body=order_body(("L3", 3), ("L2", 1), ("L3", 2)), role="dealer_buyer"),
    Situation(
        "contended: another order takes the number",
        body=order_body(("L3", 3)),
        role="dealer_buyer",
        rival=submit_order(("L2", 1)),
    ),
    Situation(
        "contended: another order uses up the credit",
        body=order_body(("L3", 100)),
        role="dealer_buyer",
        rival=submit_order(("L3", 720)),
    ),
    Situation("the first of a dealer", body=order_body(("L3", 3)), dealer="D0009", prepare=_import_dealer),
]

RELEASE_HOLD = [
    Situation(
        "contended: a payment changes the account meanwhile",
        path=NEW_ORDER | {"hold": "=credit"},
        body={"reason": "r"},
        prepare=place_order(("L3", 9_000), ("L5", 1)),
        rival=in_order(
            request(
                "reconciliation",
                "/payments",
                {"dealer_id": OWN, "amount_fen": 700, "received_on": "2026-12-01", "bank_reference": "BK-R"},
                role="finance",
            ),
            drain,
        ),
    ),
    Situation(
        "of an approved order",
        path=NEW_ORDER | {"hold": "=credit"},
        body={"reason": "r"},
        prepare=in_order(place_order(("L3", 3)), approve_order, change_terms(credit_limit_fen=0), _ship_in_vain, drain),
    ),
    Situation(
        "with an overdue debt",
        path=NEW_ORDER | {"hold": "=credit"},
        body={"reason": "r"},
        prepare=in_order(owe_from_tomorrow, advance_clock(days=1), place_order(("L3", 3))),
    ),
]

APPROVE = [
    on_new_order(
        "contended: cancelled meanwhile",
        place_order(("L3", 3)),
        body={"note": ""},
        rival=act_on_order("cancel", role="dealer_buyer"),
        statuses=(409,),
    ),
    on_new_order(
        "beyond the limit by now",
        in_order(place_order(("L3", 3)), change_terms(credit_limit_fen=0)),
        body={"note": ""},
        statuses=(409,),
    ),
    on_new_order("overdue by now", overdue_by_now, body={"note": ""}, statuses=(409,)),
    on_new_order(
        "contended: the dealer is suspended meanwhile",
        place_order(("L3", 3)),
        body={"note": ""},
        rival=change_terms(status="suspended"),
        statuses=(409,),
    ),
    on_new_order(
        "beyond the limit by now, with many buckets",
        in_order(place_wide_order, change_terms(credit_limit_fen=0)),
        body={"note": ""},
        statuses=(409,),
        around=one_bucket_per_transaction,
    ),
]

#: While an order over many buckets is given up in steps, the audit finds it out of the backorder queue.
GIVEN_UP_IN_STEPS: Mapping[str, Any] = {"around": one_bucket_per_transaction, "open_findings": ("backorder-since",)}

REJECT = [
    on_new_order("backordered", backorder),
    on_new_order(
        "contended: approved meanwhile",
        place_order(("L3", 3)),
        rival=act_on_order("approve", {"note": ""}),
        statuses=(409,),
    ),
    on_new_order("with many buckets", place_wide_order, **GIVEN_UP_IN_STEPS),
]

CANCEL = [
    on_new_order("backordered", backorder, role="dealer_buyer"),
    Situation("partly shipped, by a clerk", path=partly_shipped, role="assistant"),
    on_new_order(
        "contended: approved meanwhile",
        place_order(("L3", 3)),
        role="dealer_buyer",
        rival=act_on_order("approve", {"note": ""}),
        statuses=(409,),
    ),
    on_new_order("with many buckets", place_wide_order, role="assistant", **GIVEN_UP_IN_STEPS),
    on_new_order("before its stock is decided", submit_order(("L3", 3)), role="dealer_buyer"),
]


EXTEND_RESERVATION = [
    on_new_order("backordered", backorder, role="dealer_buyer"),
    on_new_order("approved", in_order(place_order(("L3", 3)), approve_order), role="assistant"),
    on_new_order("overdue by now", overdue_by_now, role="dealer_buyer", statuses=(409,)),
    on_new_order(
        "contended: extended by another clerk",
        place_order(("L3", 3)),
        role="assistant",
        rival=act_on_order("extend-reservation"),
    ),
]


def _shipment(name: str, *lines: int, pieces: int = 1, **more: Any) -> Situation:
    """Return a situation of a shipment by the warehouse: everything, or so many pieces of these lines."""
    body: dict[str, Any] = dict(SHIPMENT)
    if lines:
        body["lines"] = [{"line_no": line, "quantity": pieces} for line in lines]
    return Situation(name, body=body, role="warehouse", **more)


SHIP = [
    _shipment("of everything"),
    _shipment("of the rest", path=partly_shipped),
    _shipment(
        "short: of what is available",
        path=NEW_ORDER,
        prepare=in_order(backorder, act_on_order("holds/stock/release"), approve_order),
    ),
    _shipment("contended: another shipment of the first piece", 1, rival=ship_order(pieces=1)),
    _shipment(
        "contended: cancelled meanwhile",
        path=NEW_ORDER,
        prepare=in_order(place_order(("L3", 3)), approve_order),
        rival=act_on_order("cancel"),
        statuses=(409,),
    ),
    _shipment(
        "overdue by now",
        path=NEW_ORDER,
        prepare=in_order(owe_from_tomorrow, place_order(("L3", 3)), approve_order, advance_clock(days=1)),
        statuses=(409,),
    ),
    _shipment("of many buckets", path=NEW_ORDER, prepare=in_order(place_wide_order, approve_order)),
    _shipment(
        "of many buckets, lines chosen",
        *(1, 2, 4),
        pieces=2,
        path=NEW_ORDER,
        prepare=in_order(place_wide_order, approve_order),
    ),
]


def races(orders: Mapping[str, tuple[str, str]]) -> Sequence[Race]:
    """Return races of an action on an order: by name, the order and the role of the user."""
    return [Race(name, path={"order_id": order}, role=role) for name, (order, role) in orders.items()]
