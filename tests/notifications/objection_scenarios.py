"""Routes of objections, declared for all tests of every handler."""

from __future__ import annotations

from typing import Any

from tests.support.company_data import OWN, credit_hold_event, marker
from tests.support.steps import request
from tests.support.trigger import DEALER_USERS, Situation, Trigger

#: The order above the credit limit of each dealer of the sample company.
_ON_HOLD = {"D0001": "D0001-000009", "D0002": "D0002-000008"}
_ANSWER = {"answer": "已复核"}


def objection_body(dealer: str) -> dict[str, Any]:
    """Return an objection to the credit hold of an order, as a dealer sends it."""
    return {"event_id": credit_hold_event(_ON_HOLD.get(dealer, _ON_HOLD[OWN])), "text": marker(dealer)}


TRIGGERS = [
    Trigger(
        "POST /objections",
        roles=DEALER_USERS,
        status=201,
        body=objection_body,
        situations=[
            Situation(
                "contended: another user objects first",
                role="dealer_buyer",
                rival=request("notifications", "/objections", objection_body(OWN), role="dealer_admin"),
                statuses=(409,),
            ),
        ],
    ),
    Trigger(
        "GET /objections",
        roles=DEALER_USERS | {"finance", "assistant", "admin"},
        bad_query={"owner": ["", "x", "Finance", "warehouse"]},
    ),
    Trigger(
        "POST /objections/{objection_id}/answer",
        roles={"finance"},
        path={"objection_id": "objection"},
        missing={"objection_id": "obj_{dealer}-999999_2"},
        refusals={404},
        body=_ANSWER,
        situations=[
            Situation(
                "contended: another user answers first",
                rival=request(
                    "notifications", "/objections/{}/answer", {"answer": "b"}, role="finance", about="objection"
                ),
                statuses=(409,),
            ),
        ],
    ),
]
