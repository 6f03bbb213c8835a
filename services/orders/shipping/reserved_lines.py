"""Check of requests that name reserved pieces of an order's lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from kernel.base.problems import FieldProblem, Invalid
from services.orders.order.items import Order
from services.orders.shipping.api import ShipLine


def pieces_by_line(order: Order, lines: Sequence[ShipLine]) -> dict[int, int]:
    """Return the named pieces by line number, each line once.

    Raises:
        Invalid: more pieces are named than reserved; names the lines.
    """
    asked: dict[int, int] = defaultdict(int)
    for line in lines:
        asked[line.line_no] += line.quantity
    problems = []
    for index, line in enumerate(lines):
        reserved = order.progress[line.line_no - 1].reserved if line.line_no <= len(order.lines) else 0
        if asked[line.line_no] > reserved:
            detail = f"该行可发 {reserved} 件 / only {reserved} pieces of this line are reserved"
            problems.append(FieldProblem(field=f"lines.{index}.quantity", code="not-reserved", detail=detail))
    if problems:
        raise Invalid(problems, code="not-reserved")
    return dict(sorted(asked.items()))
