"""Read model of the lines of a shipment. `order.shipped.v1` has totals only; routes of orders answer with the lines."""

from typing import NamedTuple


class ShippedLine(NamedTuple):
    """One line of a shipment: pieces, and their value in fen, in which `tax_fen` is contained.

    `unit_price`: tax-inclusive yuan of a piece, exact, as text. The values of all shipments of an order's line add up
    to the line's; so a single one may differ by a fen from `unit_price` times `quantity`.
    """

    line_no: int
    sku: str
    quantity: int
    unit_price: str
    gross_fen: int
    tax_fen: int
