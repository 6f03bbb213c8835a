"""Orders for tests of rules: all lines reserved, nothing stored."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.grades import Grade
from services.orders.order.items import HeaderItem, LinesItem, Order, assemble_order
from services.orders.vocabulary import State
from tests.support.fixtures import WAREHOUSE


def sample_order(
    number: int, wanted: Sequence[tuple[int, int]], shortage_policy: str, grade: Grade, urgent: bool
) -> Order:
    """Return an order in review of (SKU index, pieces) per line, all reserved."""
    pieces = sum(quantity for _, quantity in wanted)
    header = HeaderItem(
        "ORDERS#D0001",
        f"HEADER#{number:06d}",
        order_id=f"D0001-{number:06d}",
        dealer_id="D0001",
        warehouse=WAREHOUSE,
        state=State.IN_REVIEW,
        holds=[],
        version=2,
        shortage_policy=shortage_policy,
        urgent=urgent,
        line_count=len(wanted),
        pieces=pieces,
        reserved=pieces,
        submitted_at=f"2026-11-23T01:{number:02d}:00.000Z",
        grade=grade,
    )
    lines = LinesItem("ORDERS#D0001", f"LINES#{number:06d}", wanted=list(zip(*wanted, strict=True)))
    return assemble_order(header, lines, None)
