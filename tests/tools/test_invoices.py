from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tools.replay.invoices import WALK_IN, Reading, Reason, Unusable, read

FILE = Path(__file__).with_name("invoices.csv")
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def whole() -> Iterator[Reading]:
    with FILE.open() as file:
        yield read(file)


def reading(*rows: str) -> Reading:
    return read(io.StringIO(HEAD + "".join(row + "\n" for row in rows)))


def test_only_rows_that_a_dealer_could_order_become_lines(whole: Reading) -> None:
    assert [invoice.number for invoice in whole.invoices] == ["700001", "700002", "700005"]
    assert [len(invoice.rows) for invoice in whole.invoices] == [3, 2, 1]


def test_every_row_is_either_a_line_or_set_aside_for_a_reason(whole: Reading) -> None:
    assert whole.rows == 14
    assert whole.lines + sum(whole.set_aside.values()) == whole.rows
    assert whole.set_aside == {
        Reason.CANCELLATION: 1,
        Reason.NOT_GOODS: 3,
        Reason.WRITE_OFF: 1,
        Reason.ZERO_PRICE: 1,
        Reason.NEGATIVE_PRICE: 1,
        Reason.ZERO_QUANTITY: 1,
    }


def test_invoices_without_any_line_are_counted_not_lost(whole: Reading) -> None:
    assert whole.empty_invoices == 3  # a cancellation, a write-off, a bad debt


def test_a_repeated_sku_stays_on_lines_of_its_own(whole: Reading) -> None:
    assert [(row.code, row.quantity) for row in whole.invoices[0].rows] == [("LP100", 6), ("LP100", 4), ("LP200B", 12)]


def test_codes_typed_in_small_letters_are_the_same_article(whole: Reading) -> None:
    assert whole.invoices[0].rows[2].code == whole.invoices[1].rows[1].code == "LP200B"


def test_rows_without_a_customer_belong_to_the_walk_in_dealer(whole: Reading) -> None:
    assert [invoice.customer for invoice in whole.invoices] == ["9001", WALK_IN, "9002"]


def test_an_invoice_is_worth_the_sum_of_its_lines_each_rounded_half_up(whole: Reading) -> None:
    assert whole.invoices[0].gross_fen == 1530 + 1020 + 510
    assert reading("1,A1,x,1,2010-12-09T10:00:00,0.425,7,UK").invoices[0].gross_fen == 43


def test_a_day_takes_that_days_invoices_only() -> None:
    with FILE.open() as file:
        assert [invoice.number for invoice in read(file, day="2010-12-08").invoices] == ["700001"]


def test_the_least_number_of_lines_counts_rows_as_they_stand_in_the_file() -> None:
    with FILE.open() as file:
        assert [invoice.number for invoice in read(file, min_lines=4).invoices] == ["700001", "700005"]


def test_a_cancellation_is_named_as_such_whatever_else_is_odd_about_it() -> None:
    assert reading("C1,POST,x,-1,2010-12-09T10:00:00,0,7,UK").set_aside == {Reason.CANCELLATION: 1}


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
def test_a_row_that_cannot_be_read_is_named_by_its_line(row: str) -> None:
    with pytest.raises(Unusable, match="line 3"):
        reading("1,A1,x,1,2010-12-09T10:00:00,1,7,UK", row)


def test_a_file_of_another_form_is_refused_by_the_columns_it_lacks() -> None:
    with pytest.raises(Unusable, match="UnitPrice, CustomerID"):
        read(io.StringIO("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Country\n"))


def test_prices_are_exact(whole: Reading) -> None:
    assert whole.invoices[0].rows[2].unit_price == Decimal("0.425")
