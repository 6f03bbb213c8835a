"""Reading of invoice files: order lines, skipped rows with their reason, unreadable files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tools.replay.invoices import WALK_IN, InvoiceFile, SkipReason, UnreadableFile, read_invoices

FILE = Path(__file__).with_name("invoices.csv")
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def sample() -> Iterator[InvoiceFile]:
    with FILE.open() as file:
        yield read_invoices(file)


def file_of(*rows: str) -> InvoiceFile:
    return read_invoices(io.StringIO(HEAD + "".join(row + "\n" for row in rows)))


def test_invoice_lines_are_the_orderable_rows(sample: InvoiceFile) -> None:
    assert [invoice.number for invoice in sample.invoices] == ["700001", "700002", "700005"]
    assert [len(invoice.rows) for invoice in sample.invoices] == [3, 2, 1]


def test_every_row_is_a_line_or_skipped_for_a_reason(sample: InvoiceFile) -> None:
    assert sample.rows == 14
    assert sample.lines + sum(sample.skipped.values()) == sample.rows
    assert sample.skipped == {
        SkipReason.CANCELLATION: 1,
        SkipReason.NOT_GOODS: 3,
        SkipReason.WRITE_OFF: 1,
        SkipReason.ZERO_PRICE: 1,
        SkipReason.NEGATIVE_PRICE: 1,
        SkipReason.ZERO_QUANTITY: 1,
    }


def test_invoices_without_a_line_are_counted(sample: InvoiceFile) -> None:
    assert sample.invoices_without_lines == 3  # a cancellation, a write-off, a bad debt


def test_repeated_sku_stays_on_separate_lines(sample: InvoiceFile) -> None:
    assert [(row.code, row.quantity) for row in sample.invoices[0].rows] == [("LP100", 6), ("LP100", 4), ("LP200B", 12)]


def test_codes_in_small_letters_are_the_same_article(sample: InvoiceFile) -> None:
    assert sample.invoices[0].rows[2].code == sample.invoices[1].rows[1].code == "LP200B"


def test_rows_without_a_customer_belong_to_the_walk_in_dealer(sample: InvoiceFile) -> None:
    assert [invoice.customer for invoice in sample.invoices] == ["9001", WALK_IN, "9002"]


def test_invoice_amount_is_the_sum_of_lines_rounded_half_up(sample: InvoiceFile) -> None:
    assert sample.invoices[0].gross_fen == 1530 + 1020 + 510
    assert file_of("1,A1,x,1,2010-12-09T10:00:00,0.425,7,UK").invoices[0].gross_fen == 43


def test_day_selects_the_invoices_of_that_day() -> None:
    with FILE.open() as file:
        assert [invoice.number for invoice in read_invoices(file, day="2010-12-08").invoices] == ["700001"]


def test_min_lines_counts_all_rows_of_an_invoice() -> None:
    with FILE.open() as file:
        assert [invoice.number for invoice in read_invoices(file, min_lines=4).invoices] == ["700001", "700005"]


def test_cancellation_is_the_first_reason_of_a_row() -> None:
    assert file_of("C1,POST,x,-1,2010-12-09T10:00:00,0,7,UK").skipped == {SkipReason.CANCELLATION: 1}


@pytest.mark.parametrize(
    "row",
    [
        "1,A1,x,many,2010-12-09T10:00:00,1,7,UK",
        "1,A1,x,1,2010-12-09T10:00:00,NaN,7,UK",
        "1,A1,x,1,2010-12-09T10:00:00,Infinity,7,UK",
        "1,A1,x,1,2010-12-09T10:00:00,,7,UK",
        "1,A1,x",
    ],
)
def test_unreadable_row_is_named_by_its_line(row: str) -> None:
    with pytest.raises(UnreadableFile, match="line 3"):
        file_of("1,A1,x,1,2010-12-09T10:00:00,1,7,UK", row)


def test_file_without_a_column_is_refused_by_its_name() -> None:
    with pytest.raises(UnreadableFile, match="UnitPrice, CustomerID"):
        read_invoices(io.StringIO("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Country\n"))


def test_prices_are_read_exactly(sample: InvoiceFile) -> None:
    assert sample.invoices[0].rows[2].unit_price == Decimal("0.425")
