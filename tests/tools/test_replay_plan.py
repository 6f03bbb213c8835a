from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from kernel.base.money import fen_of
from kernel.http.models import DealerId, Name, PriceListId, Sku
from tools.imports import chunks
from tools.replay.invoices import read
from tools.replay.plan import Plan, plan, run_name


@pytest.fixture
def planned() -> Plan:
    with Path(__file__).with_name("invoices.csv").open() as file:
        return plan(read(file).invoices, "RT5X1Z9")


def test_each_price_of_a_code_is_a_sku_of_its_own(planned: Plan) -> None:
    prices = {goods.sku: goods.unit_price for goods in planned.goods}
    assert prices == {
        "RT5X1Z9-LP100": Decimal("2.55"),
        "RT5X1Z9-LP100-P2": Decimal("3.10"),
        "RT5X1Z9-LP200B": Decimal("0.425"),
        "RT5X1Z9-LP400": Decimal("1.05"),
    }


def test_the_stock_needed_is_what_all_lines_together_want(planned: Plan) -> None:
    assert {goods.sku: goods.stock(scarce=False) for goods in planned.goods}["RT5X1Z9-LP100"] == 10
    assert {goods.sku: goods.stock(scarce=True) for goods in planned.goods} == {
        "RT5X1Z9-LP100": 6,
        "RT5X1Z9-LP200B": 8,
        "RT5X1Z9-LP100-P2": 0,
        "RT5X1Z9-LP400": 1,
    }


def test_lines_stay_lines_even_of_one_sku(planned: Plan) -> None:
    assert planned.buyers[0].orders[0].lines == (
        ("RT5X1Z9-LP100", 6),
        ("RT5X1Z9-LP100", 4),
        ("RT5X1Z9-LP200B", 12),
    )


def test_an_order_priced_by_the_imported_list_is_worth_what_the_file_says(planned: Plan) -> None:
    prices = {goods.sku: goods.unit_price for goods in planned.goods}
    for order in planned.orders:
        assert sum(fen_of(prices[sku], quantity) for sku, quantity in order.lines) == order.gross_fen


def test_every_customer_is_a_dealer_and_counter_sales_are_one(planned: Plan) -> None:
    assert [(buyer.dealer_id, buyer.territory, len(buyer.orders)) for buyer in planned.buyers] == [
        ("RT5X1Z9D0001", "United Kingdom", 1),
        ("RT5X1Z9D0002", "United Kingdom", 1),
        ("RT5X1Z9D0003", "Norway", 1),
    ]
    assert "Walk-in" in planned.buyers[1].name


def test_all_names_satisfy_the_api(planned: Plan) -> None:
    TypeAdapter(PriceListId).validate_python(planned.price_list_id)
    for goods in planned.goods:
        TypeAdapter(Sku).validate_python(goods.sku)
        TypeAdapter(Name).validate_python(goods.name)
    for buyer in planned.buyers:
        TypeAdapter(DealerId).validate_python(buyer.dealer_id)


def test_runs_have_names_of_their_own_that_sort_in_time() -> None:
    assert int(run_name(1_795_000_000).removeprefix("R"), 36) == 1_795_000_000
    assert run_name(1_795_000_000) < run_name(1_795_000_001)


def test_chunks_hold_everything_once() -> None:
    assert [list(chunk) for chunk in chunks(range(5), 2)] == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []
