"""Every route and function of tickets, declared once for all tests of every handler."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from tests.support.company_data import OWN, ticket_body
from tests.support.steps import advance_clock, request
from tests.support.trigger import ALL_USERS, BUYERS, STAFF, Situation, Step, Trigger, variant

AFTERSALES = {"aftersales", "admin"}
CLERKS = {"assistant", "aftersales", "admin"}
NO_TICKET = {"ticket_id": "T-{dealer}-99999"}


def step(action: str, ticket: str, roles: Set[str], body: Mapping[str, Any], **more: Any) -> Trigger:
    """Declare the route of an action on a ticket."""
    return Trigger(
        f"POST /tickets/{{ticket_id}}/{action}",
        roles=roles,
        path={"ticket_id": ticket},
        missing=NO_TICKET,
        of_dealer=True,
        body=body,
        **more,
    )


def act(action: str, ticket: str, body: Mapping[str, Any], role: str = "aftersales") -> Step:
    return request("tickets", f"/tickets/{{}}/{action}", body, role=role, about=ticket)


TRIGGERS = [
    Trigger(
        "POST /tickets",
        roles=BUYERS,
        status=201,
        body=ticket_body,
        situations=[
            Situation(
                "urgent, about an order",
                body=ticket_body(OWN) | {"urgent": True, "order_id": "D0001-000001"},
                role="dealer_buyer",
            ),
            Situation(
                "contended: another ticket takes the number",
                role="dealer_buyer",
                rival=request("tickets", "/tickets", ticket_body(OWN), role="dealer_admin"),
            ),
        ],
    ),
    Trigger(
        "GET /tickets",
        roles=ALL_USERS,
        variants=[variant(roles=STAFF, query={"dealer_id": "={dealer}"}, refusals={422})],
    ),
    Trigger(
        "GET /tickets/worklist",
        roles=STAFF,
        bad_query={"kind": ["x", "", "ACCEPT", "rate"]},
        variants=[variant(query={"kind": "=dispatch"})],
    ),
    Trigger(
        "GET /tickets/{ticket_id}",
        roles=ALL_USERS,
        path={"ticket_id": "ticket completed"},
        missing=NO_TICKET,
        of_dealer=True,
    ),
    step(
        "accept",
        "ticket registered",
        CLERKS,
        {"note": "收到", "internal_note": "老客户", "expected_at": "2026-12-10T02:00:00Z"},
        situations=[
            Situation(
                "contended: rejected meanwhile",
                body={},
                role="aftersales",
                rival=act("reject", "ticket registered", {"reason": "r"}),
                statuses=(409,),
            ),
            Situation(
                "contended: accepted by another clerk",
                body={},
                role="aftersales",
                rival=act("accept", "ticket registered", {}),
                statuses=(409,),
            ),
        ],
    ),
    step("review", "ticket accepted", AFTERSALES, {"note": "在保"}),
    step(
        "dispatch",
        "ticket reviewed",
        AFTERSALES,
        {
            "assignee": "张工",
            "visit_at": "2026-12-10T02:00:00Z",
            "parts": [{"sku": "L2", "quantity": 1}],
            "note": "上午到",
            "internal_note": "带梯子",
        },
    ),
    step(
        "reassign",
        "ticket dispatched",
        AFTERSALES,
        {"assignee": "李工", "visit_at": "2026-12-11T02:00:00Z"},
        situations=[
            Situation(
                "contended: withdrawn by the dealer",
                body={"assignee": "李工"},
                role="aftersales",
                rival=act("withdraw", "ticket dispatched", {"reason": "r"}, "dealer_buyer"),
                statuses=(409,),
            ),
        ],
    ),
    step(
        "complete",
        "ticket dispatched",
        AFTERSALES,
        {"result": "已更换", "cost": {"brand_fen": 100, "dealer_fen": 0, "customer_fen": 0}},
    ),
    step("reject", "ticket registered", CLERKS, {"reason": "人为损坏"}),
    step(
        "withdraw",
        "ticket dispatched",
        BUYERS,
        {"reason": "客户已自行解决"},
        situations=[
            Situation(
                "contended: completed meanwhile",
                body={"reason": "r"},
                role="dealer_buyer",
                rival=act("complete", "ticket dispatched", {"result": "r"}),
                statuses=(409,),
            ),
        ],
    ),
    step("ask", "ticket registered", CLERKS, {"question": "电源型号?"}),
    step(
        "answer",
        "ticket asked about",
        BUYERS,
        {"answer": "LRS-100"},
        situations=[
            Situation(
                "contended: another user answers first",
                body={"answer": "a"},
                role="dealer_buyer",
                rival=act("answer", "ticket asked about", {"answer": "b"}, "dealer_admin"),
                statuses=(409,),
            ),
        ],
    ),
    step("reopen", "ticket completed", BUYERS, {"reason": "又不亮了"}),
    step("rating", "ticket completed", BUYERS, {"score": 5, "comment": "很快"}),
    Trigger(
        "watch_clocks",
        situations=[
            Situation("nothing to do"),
            Situation("all tickets are late", prepare=advance_clock(days=2)),
        ],
    ),
]
