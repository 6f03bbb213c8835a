"""Plan of a replay: SKUs by price, stock, dealers and valid names."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from kernel.base.money import fen_of
from kernel.http.models import DealerId, Name, PriceListId, Sku
from tools.imports import chunks
from tools.replay.invoices import read_invoices
from tools.replay.plan import Plan, plan_replay, run_name


@pytest.fixture
def plan() -> Plan:
    with Path(__file__).with_name("invoices.csv").open() as file:
        return plan_replay(read_invoices(file).invoices, "RT5X1Z9")


def test_each_price_of_a_code_is_a_separate_sku(plan: Plan) -> None:
    prices = {product.sku: product.unit_price for product in plan.products}
    assert prices == {
        "RT5X1Z9-LP100": Decimal("2.55"),
        "RT5X1Z9-LP100-P2": Decimal("3.10"),
        "RT5X1Z9-LP200B": Decimal("0.425"),
        "RT5X1Z9-LP400": Decimal("1.05"),
    }


def test_stock_is_the_pieces_of_all_lines(plan: Plan) -> None:
    assert {product.sku: product.stock_pieces(scarce=False) for product in plan.products}["RT5X1Z9-LP100"] == 10
    assert {product.sku: product.stock_pieces(scarce=True) for product in plan.products} == {
        "RT5X1Z9-LP100": 6,
        "RT5X1Z9-LP200B": 8,
        "RT5X1Z9-LP100-P2": 0,
        "RT5X1Z9-LP400": 1,
    }


def test_lines_of_one_sku_stay_separate(plan: Plan) -> None:
    assert plan.dealers[0].orders[0].lines == (
        ("RT5X1Z9-LP100", 6),
        ("RT5X1Z9-LP100", 4),
        ("RT5X1Z9-LP200B", 12),
    )


def test_order_amounts_at_list_prices_match_the_file(plan: Plan) -> None:
    prices = {product.sku: product.unit_price for product in plan.products}
    for order in plan.orders:
        assert sum(fen_of(prices[sku], quantity) for sku, quantity in order.lines) == order.gross_fen


def test_customers_are_dealers_and_counter_sales_are_one_dealer(plan: Plan) -> None:
    assert [(dealer.dealer_id, dealer.territory, len(dealer.orders)) for dealer in plan.dealers] == [
        ("RT5X1Z9D0001", "United Kingdom", 1),
        ("RT5X1Z9D0002", "United Kingdom", 1),
        ("RT5X1Z9D0003", "Norway", 1),
    ]
    assert "Walk-in" in plan.dealers[1].name


def test_planned_names_are_valid_for_the_api(plan: Plan) -> None:
    TypeAdapter(PriceListId).validate_python(plan.price_list_id)
    for product in plan.products:
        TypeAdapter(Sku).validate_python(product.sku)
        TypeAdapter(Name).validate_python(product.name)
    for dealer in plan.dealers:
        TypeAdapter(DealerId).validate_python(dealer.dealer_id)


def test_run_names_are_unique_and_sorted_by_time() -> None:
    assert int(run_name(1_795_000_000).removeprefix("R"), 36) == 1_795_000_000
    assert run_name(1_795_000_000) < run_name(1_795_000_001)


def test_chunks_contain_every_row_once() -> None:
    assert [list(chunk) for chunk in chunks(range(5), 2)] == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []
