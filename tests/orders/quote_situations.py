"""The trigger of the quote: dealers about their own order, staff about that of a dealer they name."""

from __future__ import annotations

from tests.support.steps import order_body
from tests.support.trigger import BUYERS, STAFF, Trigger, variant

QUOTE = Trigger(
    "POST /orders/quote",
    roles=BUYERS,
    refusals={422},
    body=order_body(("L1", 3), ("L5", 2), purchase_order="PO-1"),
    variants=[
        variant(
            roles=BUYERS | STAFF,
            refusals=frozenset(),
            body=lambda dealer: order_body(("L1", 3), ("L5", 2), dealer_id=dealer),
        )
    ],
    reads_only=True,
)
