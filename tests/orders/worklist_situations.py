"""Worklist, report of the day and touch time: queries, and situations in which days are reported and orders counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.company_data import WAREHOUSE
from tests.support.steps import act_on_order, advance_clock, in_order, report_day, request
from tests.support.trigger import STAFF, Situation, Trigger, variant

#: One query for each way in which the list is read.
QUERIES: Sequence[Mapping[str, str]] = (
    {"kind": "=credit_hold"},
    {"kind": "=shipment", "warehouse": f"={WAREHOUSE}"},
)

evening = advance_clock(hours=9)

open_order = request("orders", "/orders/{}/opened", role="assistant", method="PUT", about="order in review")
approve = act_on_order("approve", {"note": ""}, order="order in review")
open_and_approve = in_order(open_order, advance_clock(minutes=2), approve)

TOUCH_TIME = [
    Trigger(
        "PUT /orders/{order_id}/opened",
        roles={"assistant", "admin"},
        path={"order_id": "order in review"},
        missing={"order_id": "{dealer}-999999"},
        of_dealer=True,
        situations=[
            Situation("opened before", role="assistant", prepare=open_order),
            Situation("contended: opened in another window", role="assistant", rival=open_order),
        ],
    ),
    Trigger(
        "record_touch_time",
        situations=[
            Situation("an order is approved", prepare=approve),
            Situation("an opened order is approved", prepare=open_and_approve),
            Situation(
                "two orders are decided",
                prepare=in_order(open_and_approve, act_on_order("reject", order="order to reject")),
            ),
        ],
    ),
    Trigger("GET /touch-time", roles=STAFF),
]

WORKLIST = [
    Trigger(
        "GET /worklist",
        roles=STAFF,
        bad_query={"kind": ["x", "", "REVIEW"]},
        variants=[variant(query=query) for query in QUERIES],
    ),
    Trigger("GET /day-reports", roles=STAFF),
    Trigger(
        "report_day",
        situations=[
            Situation("in the evening", prepare=evening),
            Situation("reported already", prepare=in_order(evening, report_day)),
            Situation("contended: another run reports meanwhile", prepare=evening, rival=report_day),
        ],
    ),
]

STAFF_WORK = [*WORKLIST, *TOUCH_TIME]
