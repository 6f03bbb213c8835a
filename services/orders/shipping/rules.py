"""Value and progress of shipped pieces, and of pieces that did not leave after all."""

from __future__ import annotations

from contracts.shipments import ShippedLine
from kernel.base.money import tax_within
from services.orders.order.rules import Line, Progress


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
