"""Queries of the worklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.company_data import WAREHOUSE
from tests.support.trigger import STAFF, Trigger, variant

#: One query for each way in which the list is read.
QUERIES: Sequence[Mapping[str, str]] = (
    {"kind": "=credit_hold"},
    {"kind": "=shipment", "warehouse": f"={WAREHOUSE}"},
)

WORKLIST = Trigger(
    "GET /worklist",
    roles=STAFF,
    bad_query={"kind": ["x", "", "REVIEW"]},
    variants=[variant(query=query) for query in QUERIES],
)
