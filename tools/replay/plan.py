"""Plan of a replay: products, dealers and orders for the invoices of a file. No clock, no network.

In the file the price of a code differs between lines; in the system a price belongs to a price list. So each price of
a code becomes a separate SKU, and totals can be compared to the fen: `LP100`, then `LP100-P2`, `LP100-P3`, … in file
order. Every id begins with the run's name, so runs never share a record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tools.replay.invoices import WALK_IN, Invoice, Row

#: Percentage of the ordered pieces that scarce stock has.
SCARCE_PERCENT = 60

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class PlannedProduct:
    """One SKU to import: price in yuan, and the pieces of all orders together."""

    sku: str
    name: str
    unit_price: Decimal
    ordered_pieces: int

    def stock_pieces(self, scarce: bool) -> int:
        """Return the pieces to receive."""
        return self.ordered_pieces * SCARCE_PERCENT // 100 if scarce else self.ordered_pieces


@dataclass(frozen=True)
class PlannedOrder:
    """One invoice as an order. `lines`: (SKU, pieces); `gross_fen`: its amount in the file."""

    number: str
    lines: tuple[tuple[str, int], ...]
    gross_fen: int


@dataclass(frozen=True)
class PlannedDealer:
    """One customer of the file as a dealer, with its orders in file order."""

    dealer_id: str
    name: str
    territory: str
    orders: tuple[PlannedOrder, ...]

    @property
    def username(self) -> str:
        """The dealer's only user."""
        return f"{self.dealer_id.lower()}-owner"


@dataclass(frozen=True)
class Plan:
    """Everything that a run imports and sends."""

    run: str
    products: tuple[PlannedProduct, ...]
    dealers: tuple[PlannedDealer, ...]

    @property
    def price_list_id(self) -> str:
        """The price list of this run."""
        return self.run

    @property
    def orders(self) -> list[PlannedOrder]:
        """All orders, dealer by dealer."""
        return [order for dealer in self.dealers for order in dealer.orders]


def run_name(seconds: int) -> str:
    """Return the name of a run: `R` and the seconds since 1970 in base 36, so later runs sort later."""
    digits = ""
    while seconds:
        seconds, digit = divmod(seconds, 36)
        digits = _BASE_36[digit] + digits
    return f"R{digits}"


def plan_replay(invoices: Sequence[Invoice], run: str) -> Plan:
    """Return everything to import and to send for these invoices."""
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
        products=tuple(PlannedProduct(sku, names[sku] or sku, prices[sku], pieces[sku]) for sku in pieces),
        dealers=tuple(
            PlannedDealer(f"{run}D{number:04d}", _company_name(customer), countries[customer], tuple(of_customer))
            for number, (customer, of_customer) in enumerate(orders.items(), start=1)
        ),
    )


def _sku_by_price(rows: Iterable[Row], run: str) -> dict[tuple[str, Decimal], str]:
    """Return the SKU of each code and price, in the order of appearance."""
    prices: Counter[str] = Counter()
    skus: dict[tuple[str, Decimal], str] = {}
    for row in rows:
        if (row.code, row.unit_price) not in skus:
            prices[row.code] += 1
            variant = f"-P{prices[row.code]}" if prices[row.code] > 1 else ""
            skus[row.code, row.unit_price] = f"{run}-{row.code}{variant}"
    return skus


def _company_name(customer: str) -> str:
    return "门市散客 / Walk-in customers" if customer == WALK_IN else f"客户 {customer} / Customer {customer}"
