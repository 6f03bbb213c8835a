"""The write units and calls of an order stay within limits; `make bench` measures times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.meter import Bill
from tests.bench.order_path import Bench, evenly
from tests.bench.yardsticks import PLENTY, least, put_up_stock
from tests.support.fixtures import open_shop
from tests.support.world import opened


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with opened(fast=True) as world:
        open_shop(products=2_000, stock=PLENTY, credit_limit_fen=10**14)
        put_up_stock(2_000)
        bench = Bench(world, evenly(2_000))
        bench.order(1_000)
        bench.order(1_000)
        yield bench


def order_bill(bench: Bench, lines: int) -> Bill:
    return sum(bench.order(lines).values(), Bill())


def test_order_of_120_lines_costs_at_most_80_units_and_ten_calls(bench: Bench) -> None:
    bill = order_bill(bench, 120)
    assert bill.write_units <= 80, bill
    assert bill.calls.total() <= 10, bill
    assert bill.calls["dynamodb.TransactWriteItems"] == 2, "one stores the order, one reserves all its stock"
    assert bill.refused == 0


def test_long_order_costs_little_more_than_a_usual_one(bench: Bench) -> None:
    usual, long = order_bill(bench, 120), order_bill(bench, 674)
    assert long.write_units <= 1.3 * usual.write_units, (usual, long)
    assert long.calls == usual.calls
    few, many = order_bill(bench, 100), order_bill(bench, 1_000)
    assert many.write_units / 1_000 <= 1.1 * few.write_units / 100
    assert many.calls.total() / 1_000 <= 1.1 * few.calls.total() / 100


def test_least_design_makes_three_calls(bench: Bench) -> None:
    bill = bench.program(least, 120)["program"]
    assert bill.calls == {"dynamodb.PutItem": 2, "dynamodb.TransactWriteItems": 1}
    assert 64 <= bill.write_units <= 72
