"""Read a wholesaler's invoice file and choose the rows that a dealer could have ordered. No clock, no network.

The file is a bookkeeper's export, see tests/tools/invoices.csv. Besides orders it contains cancellations, postage,
write-offs and samples. Every row that is not an order line is counted under the reason for which it is skipped.
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

#: Customer of the rows without one: counter sales.
WALK_IN = "WALKIN"

_COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

#: Stock codes of no goods: postage, carriage, discounts, manual entries, samples, fees, adjustments, …
_NOT_GOODS = frozenset({"POST", "DOT", "C2", "D", "M", "S", "B", "PADS", "CRUK", "BANK-CHARGES", "AMAZONFEE", "ADJUST"})
_NOT_GOODS_PREFIXES = ("GIFT", "TEST")


class UnreadableFile(Exception):
    """The file has another form; the message names the place."""


class SkipReason(StrEnum):
    """Reason for which a row cannot be an order line."""

    CANCELLATION = "cancellation"
    NOT_GOODS = "not-goods"
    WRITE_OFF = "write-off"
    ZERO_PRICE = "zero-price"
    NEGATIVE_PRICE = "negative-price"
    ZERO_QUANTITY = "zero-quantity"


#: Reasons as they are shown.
SKIP_REASONS = {
    SkipReason.CANCELLATION: "冲销单 / cancellation (credit note)",
    SkipReason.NOT_GOODS: "非商品 / not goods (postage, fees, vouchers, manual entries)",
    SkipReason.WRITE_OFF: "报损 / stock write-off (negative quantity)",
    SkipReason.ZERO_PRICE: "零价 / zero price (samples, remarks of the stock-keeper)",
    SkipReason.NEGATIVE_PRICE: "负价 / negative price",
    SkipReason.ZERO_QUANTITY: "零数量 / zero quantity",
}


@dataclass(frozen=True)
class Row:
    """One row of the file. `unit_price`: yuan for a piece."""

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
    """Order lines that one customer bought at one time, in file order; a SKU may occur twice."""

    number: str
    customer: str
    country: str
    moment: str
    rows: tuple[Row, ...]

    @property
    def gross_fen(self) -> int:
        """Sum of the row amounts in fen, each rounded as an order line is."""
        return sum(fen_of(row.unit_price, row.quantity) for row in self.rows)


@dataclass(frozen=True)
class InvoiceFile:
    """Invoices to replay, and the number of skipped rows by reason. `rows`: all rows read."""

    invoices: tuple[Invoice, ...]
    rows: int
    skipped: dict[SkipReason, int]
    invoices_without_lines: int

    @property
    def lines(self) -> int:
        """Number of order lines."""
        return sum(len(invoice.rows) for invoice in self.invoices)


def skip_reason(row: Row) -> SkipReason | None:
    """Return the reason for which a row cannot be an order line, None if it can."""
    if row.invoice.upper().startswith("C"):
        return SkipReason.CANCELLATION
    if not _is_goods(row.code):
        return SkipReason.NOT_GOODS
    if row.quantity < 0:
        return SkipReason.WRITE_OFF
    if row.quantity == 0:
        return SkipReason.ZERO_QUANTITY
    if row.unit_price < 0:
        return SkipReason.NEGATIVE_PRICE
    if row.unit_price == 0:
        return SkipReason.ZERO_PRICE
    return None


def _is_goods(code: str) -> bool:
    return code not in _NOT_GOODS and not code.startswith(_NOT_GOODS_PREFIXES)


def read_invoices(file: TextIO, *, day: str | None = None, min_lines: int = 0) -> InvoiceFile:
    """Return the invoices of a file in their order.

    Args:
        day: only invoices of this date (`2010-12-09`).
        min_lines: only invoices with at least this number of rows in the file.

    Raises:
        UnreadableFile: a column is missing or a value cannot be read.
    """
    by_invoice: dict[str, list[Row]] = {}
    for row in _rows(file):
        by_invoice.setdefault(row.invoice, []).append(row)
    chosen = [
        rows
        for rows in by_invoice.values()
        if len(rows) >= min_lines and (day is None or rows[0].moment.startswith(day))
    ]
    skipped: Counter[SkipReason] = Counter()
    invoices = []
    for rows in chosen:
        lines = []
        for row in rows:
            reason = skip_reason(row)
            if reason is None:
                lines.append(row)
            else:
                skipped[reason] += 1
        if lines:
            first = lines[0]
            invoices.append(Invoice(first.invoice, first.customer, first.country, first.moment, tuple(lines)))
    return InvoiceFile(tuple(invoices), sum(map(len, chosen)), dict(skipped), len(chosen) - len(invoices))


def _rows(file: TextIO) -> Iterable[Row]:
    reader = csv.DictReader(file)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableFile(f"缺少列 / missing columns: {', '.join(missing)}")
    for record in reader:
        try:
            yield _row(record)
        except (ValueError, InvalidOperation, AttributeError):
            raise UnreadableFile(f"第 {reader.line_num} 行无法读取 / line {reader.line_num} cannot be read") from None


def _row(record: dict[str, str]) -> Row:
    unit_price = Decimal(record["UnitPrice"].strip())
    if not unit_price.is_finite():
        raise ValueError("not a price")
    return Row(
        invoice=record["InvoiceNo"].strip(),
        # The file writes the code of one article in capitals and in small letters.
        code=re.sub(r"[^A-Z0-9.]+", "-", record["StockCode"].strip().upper()),
        description=" ".join(record["Description"].split()),
        quantity=int(record["Quantity"]),
        unit_price=unit_price,
        moment=record["InvoiceDate"].strip(),
        customer=record["CustomerID"].strip().removesuffix(".0") or WALK_IN,
        country=record["Country"].strip(),
    )
