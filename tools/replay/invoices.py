"""Read a wholesaler's invoice file and decide what of it a dealer could have ordered. No clock, no network.

The file (see tests/tools/invoices.csv for its form) is a bookkeeper's export: besides orders it holds cancellations,
postage, write-offs and samples. Each row that is not orderable goes with a reason; nothing is dropped silently.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TextIO

from kernel.base.money import fen_of

#: Rows without a customer are counter sales: they all belong to this one.
WALK_IN = "WALKIN"

_COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

#: Stock codes that are not goods: postage, carriage, discounts, manual entries, samples, fees, adjustments, …
_NOT_GOODS = frozenset({"POST", "DOT", "C2", "D", "M", "S", "B", "PADS", "CRUK", "BANK-CHARGES", "AMAZONFEE", "ADJUST"})
_NOT_GOODS_BEGINNINGS = ("GIFT", "TEST")


class Unusable(Exception):
    """The file is not of the form we replay; the message says where."""


class Reason(StrEnum):
    """Why a row cannot be an order line."""

    CANCELLATION = "cancellation"
    NOT_GOODS = "not-goods"
    WRITE_OFF = "write-off"
    ZERO_PRICE = "zero-price"
    NEGATIVE_PRICE = "negative-price"
    ZERO_QUANTITY = "zero-quantity"


#: Each reason in words.
REASONS = {
    Reason.CANCELLATION: "冲销单 / cancellation (credit note)",
    Reason.NOT_GOODS: "非商品 / not goods (postage, fees, vouchers, manual entries)",
    Reason.WRITE_OFF: "报损 / stock write-off (negative quantity)",
    Reason.ZERO_PRICE: "零价 / zero price (samples, remarks of the stock-keeper)",
    Reason.NEGATIVE_PRICE: "负价 / negative price",
    Reason.ZERO_QUANTITY: "零数量 / zero quantity",
}


@dataclass(frozen=True)
class Row:
    """One row of the file. `unit_price` is read as yuan for a piece."""

    invoice: str
    code: str
    description: str
    quantity: int
    unit_price: Decimal
    moment: str
    customer: str
    country: str


@dataclass(frozen=True)
class Invoice:
    """What one customer bought at one time: the orderable rows in file order, repeated SKUs included."""

    number: str
    customer: str
    country: str
    moment: str
    rows: tuple[Row, ...]

    @property
    def gross_fen(self) -> int:
        """What the rows are worth, rounded line by line as an order's lines are."""
        return sum(fen_of(row.unit_price, row.quantity) for row in self.rows)


@dataclass(frozen=True)
class Reading:
    """What a file holds: invoices that can be replayed, and what was set aside, in rows by reason."""

    invoices: tuple[Invoice, ...]
    rows: int
    set_aside: dict[Reason, int]
    empty_invoices: int

    @property
    def lines(self) -> int:
        """Orderable rows."""
        return sum(len(invoice.rows) for invoice in self.invoices)


def verdict(row: Row) -> Reason | None:
    """Why this row cannot be an order line, None if it can."""
    if row.invoice.upper().startswith("C"):
        return Reason.CANCELLATION
    if not _is_goods(row.code):
        return Reason.NOT_GOODS
    if row.quantity < 0:
        return Reason.WRITE_OFF
    if row.quantity == 0:
        return Reason.ZERO_QUANTITY
    if row.unit_price < 0:
        return Reason.NEGATIVE_PRICE
    if row.unit_price == 0:
        return Reason.ZERO_PRICE
    return None


def _is_goods(code: str) -> bool:
    return code not in _NOT_GOODS and not code.startswith(_NOT_GOODS_BEGINNINGS)


def read(file: TextIO, *, day: str | None = None, min_lines: int = 0) -> Reading:
    """The invoices of a file in their order.

    Args:
        day: only invoices of this date (`2010-12-09`).
        min_lines: only invoices with at least so many rows in the file.

    Raises:
        Unusable: a column is missing or a value cannot be read.
    """
    by_invoice: dict[str, list[Row]] = {}
    for row in _rows(file):
        by_invoice.setdefault(row.invoice, []).append(row)
    chosen = [
        rows
        for rows in by_invoice.values()
        if len(rows) >= min_lines and (day is None or rows[0].moment.startswith(day))
    ]
    set_aside: Counter[Reason] = Counter()
    invoices = []
    for rows in chosen:
        orderable = []
        for row in rows:
            reason = verdict(row)
            if reason is None:
                orderable.append(row)
            else:
                set_aside[reason] += 1
        if orderable:
            first = orderable[0]
            invoices.append(Invoice(first.invoice, first.customer, first.country, first.moment, tuple(orderable)))
    return Reading(tuple(invoices), sum(map(len, chosen)), dict(set_aside), len(chosen) - len(invoices))


def _rows(file: TextIO) -> Iterable[Row]:
    reader = csv.DictReader(file)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise Unusable(f"缺少列 / missing columns: {', '.join(missing)}")
    for record in reader:
        try:
            yield _row(record)
        except (ValueError, InvalidOperation, AttributeError):
            raise Unusable(f"第 {reader.line_num} 行无法读取 / line {reader.line_num} cannot be read") from None


def _row(record: dict[str, str]) -> Row:
    unit_price = Decimal(record["UnitPrice"].strip())
    if not unit_price.is_finite():
        raise ValueError("not a price")
    return Row(
        invoice=record["InvoiceNo"].strip(),
        # The same article is typed in capitals and in small letters.
        code=re.sub(r"[^A-Z0-9.]+", "-", record["StockCode"].strip().upper()),
        description=" ".join(record["Description"].split()),
        quantity=int(record["Quantity"]),
        unit_price=unit_price,
        moment=record["InvoiceDate"].strip(),
        customer=record["CustomerID"].strip().removesuffix(".0") or WALK_IN,
        country=record["Country"].strip(),
    )
