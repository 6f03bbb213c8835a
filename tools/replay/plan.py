"""From invoices to what must be in the system to take them, and the orders to send. No clock, no network.

In the file a SKU's price differs from line to line; in the system a price stands in a price list. So that totals can be
compared to the fen, each price a code is sold at becomes a SKU of its own: `LP100`, then `LP100-P2`, `LP100-P3`, … in
the order in which the file first shows them. Everything bears the run's prefix, so that runs never meet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tools.replay.invoices import WALK_IN, Invoice, Row

#: Part of what is needed that scarce stock has, in percent.
SCARCE_PERCENT = 60

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Goods:
    """One SKU to import: its price in yuan and how many pieces all orders together want."""

    sku: str
    name: str
    unit_price: Decimal
    pieces: int

    def stock(self, scarce: bool) -> int:
        """Pieces to receive."""
        return self.pieces * SCARCE_PERCENT // 100 if scarce else self.pieces


@dataclass(frozen=True)
class PlannedOrder:
    """One invoice as an order: (SKU, pieces) line by line, and what the file says it is worth in fen."""

    number: str
    lines: tuple[tuple[str, int], ...]
    gross_fen: int


@dataclass(frozen=True)
class Buyer:
    """One customer of the file as a dealer, with its orders in the order of the file."""

    dealer_id: str
    name: str
    territory: str
    orders: tuple[PlannedOrder, ...]

    @property
    def username(self) -> str:
        """Its one user."""
        return f"{self.dealer_id.lower()}-owner"


@dataclass(frozen=True)
class Plan:
    """All that a run imports and sends."""

    run: str
    goods: tuple[Goods, ...]
    buyers: tuple[Buyer, ...]

    @property
    def price_list_id(self) -> str:
        """The run's own price list."""
        return self.run

    @property
    def orders(self) -> list[PlannedOrder]:
        """All orders, buyer by buyer."""
        return [order for buyer in self.buyers for order in buyer.orders]


def run_name(seconds: int) -> str:
    """A run's prefix: `R` and the seconds since 1970 in base 36, so later runs sort later."""
    digits = ""
    while seconds:
        seconds, digit = divmod(seconds, 36)
        digits = _BASE_36[digit] + digits
    return f"R{digits}"


def plan(invoices: Sequence[Invoice], run: str) -> Plan:
    """Everything to import and to send for these invoices."""
    skus = _sku_by_price((row for invoice in invoices for row in invoice.rows), run)
    pieces: Counter[str] = Counter()
    names: dict[str, str] = {}
    prices: dict[str, Decimal] = {}
    orders: dict[str, list[PlannedOrder]] = defaultdict(list)
    countries: dict[str, str] = {}
    for invoice in invoices:
        lines = []
        for row in invoice.rows:
            sku = skus[row.code, row.unit_price]
            pieces[sku] += row.quantity
            prices[sku] = row.unit_price
            names[sku] = names.get(sku) or row.description
            lines.append((sku, row.quantity))
        orders[invoice.customer].append(PlannedOrder(invoice.number, tuple(lines), invoice.gross_fen))
        countries.setdefault(invoice.customer, invoice.country)
    return Plan(
        run=run,
        goods=tuple(Goods(sku, names[sku] or sku, prices[sku], pieces[sku]) for sku in pieces),
        buyers=tuple(
            Buyer(f"{run}D{number:04d}", _company(customer), countries[customer], tuple(wanted))
            for number, (customer, wanted) in enumerate(orders.items(), start=1)
        ),
    )


def _sku_by_price(rows: Iterable[Row], run: str) -> dict[tuple[str, Decimal], str]:
    """A SKU for each code and price, in the order of appearance."""
    prices: Counter[str] = Counter()
    skus: dict[tuple[str, Decimal], str] = {}
    for row in rows:
        if (row.code, row.unit_price) not in skus:
            prices[row.code] += 1
            variant = f"-P{prices[row.code]}" if prices[row.code] > 1 else ""
            skus[row.code, row.unit_price] = f"{run}-{row.code}{variant}"
    return skus


def _company(customer: str) -> str:
    return "门市散客 / Walk-in customers" if customer == WALK_IN else f"客户 {customer} / Customer {customer}"
