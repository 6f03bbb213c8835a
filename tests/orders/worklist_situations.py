"""Queries of the worklist, and situations in which the day is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.company_data import WAREHOUSE
from tests.support.steps import advance_clock, in_order, report_day
from tests.support.trigger import STAFF, Situation, Trigger, variant

#: One query for each way in which the list is read.
QUERIES: Sequence[Mapping[str, str]] = (
    {"kind": "=credit_hold"},
    {"kind": "=shipment", "warehouse": f"={WAREHOUSE}"},
)

evening = advance_clock(hours=9)

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
