"""Value and progress of shipped pieces, and of pieces that did not leave after all; which pieces a request names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from contracts.shipments import ShippedLine
from kernel.base.money import tax_within
from kernel.base.problems import FieldProblem, Invalid
from services.orders.order.items import Order
from services.orders.order.rules import Line, Progress
from services.orders.shipping.api import ShipLine


def shipped_line(line: Line, before: int, quantity: int) -> ShippedLine:
    """Return the value of `quantity` more pieces of a line after `before` shipped ones.

    The value is the difference of running totals, so all shipments add up to the gross and tax of the line to the
    fen.
    """
    value_before, value_after = line.value_of(before), line.value_of(before + quantity)
    tax = tax_within(value_after, line.tax_percent) - tax_within(value_before, line.tax_percent)
    unit_price = format(line.unit_price, "f")
    return ShippedLine(line.line_no, line.sku, quantity, unit_price, value_after - value_before, tax)


def ship_pieces(progress: Progress, quantity: int) -> Progress:
    """Return the progress of a line after `quantity` reserved pieces left."""
    return progress._replace(reserved=progress.reserved - quantity, shipped=progress.shipped + quantity)


def take_back_shipped_pieces(progress: Progress, quantity: int) -> Progress:
    """Return the progress of a line of whose shipped pieces `quantity` never left and are reserved again."""
    return progress._replace(reserved=progress.reserved + quantity, shipped=progress.shipped - quantity)


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
