"""Queries of the order list, and situations in which an order is entered into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.company_data import WAREHOUSE
from tests.support.steps import in_order, submit_order
from tests.support.trigger import ALL_USERS, STAFF, Situation, Trigger, variant

#: One query for each way in which the list is read, and one for each filter.
QUERIES: Sequence[Mapping[str, str]] = (
    {"state": "=in_review"},
    {"state": "=closed"},
    {"state": "=in_review", "from": "=2026-11-01", "to": "=2026-11-30"},
    {"from": "=2026-11-01", "to": "=2026-11-30"},
    {"purchase_order": "=po-"},
    {"purchase_order": "=po-", "warehouse": f"={WAREHOUSE}", "hold": "=stock"},
)
BAD_QUERY: Mapping[str, Sequence[str]] = {
    "hold": ["x", "", "CREDIT"],
    "purchase_order": ["", " ", "\u200b", "x" * 61],
}

RECORD_ORDER_ENTRIES = [
    Situation("an order is submitted", prepare=submit_order(("L3", 3))),
    Situation("two orders are submitted", prepare=in_order(submit_order(("L3", 3)), submit_order(("L3", 1)))),
]

LISTS = [
    Trigger("record_order_entries", situations=RECORD_ORDER_ENTRIES),
    Trigger(
        "GET /orders",
        roles=ALL_USERS,
        bad_query=BAD_QUERY,
        variants=[
            variant(query={"dealer_id": "={dealer}"}, missing={"dealer_id": "D9999"}, of_dealer=True, empty_for=STAFF),
            *(variant(query=query) for query in QUERIES),
        ],
    ),
    Trigger(
        "GET /stock/{warehouse}/movements",
        roles=STAFF,
        path={"warehouse": f"={WAREHOUSE}"},
        missing={"warehouse": "g"},
        query={"sku": "=L1"},
    ),
]
