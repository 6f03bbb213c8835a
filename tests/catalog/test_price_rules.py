"""Tests of the rules of quantity breaks and of the validity of price lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from contracts.catalog import Price
from services.catalog.prices.rules import next_break, price_problems, validity_problems


def test_next_break_is_nearest_above_quantity() -> None:
    price = Price(unit_price=Decimal(10), price_policy="标准价", breaks=((50, Decimal(9)), (200, Decimal(8))))
    assert next_break(price, 1) == (50, Decimal(9))
    assert next_break(price, 50) == (200, Decimal(8))
    assert next_break(price, 200) is None


def test_breaks_must_rise_in_quantity_and_fall_in_price() -> None:
    wrong = Price(
        unit_price=Decimal(10), price_policy="p", breaks=((50, Decimal(10)), (50, Decimal(9)), (60, Decimal("8.5")))
    )
    assert [(problem.field, problem.code) for problem in price_problems(4, wrong)] == [
        ("prices.4.breaks.0.unit_price", "not-cheaper"),
        ("prices.4.breaks.1.quantity", "not-ascending"),
    ]


def test_price_list_must_be_valid_today() -> None:
    today = date(2026, 11, 23)
    assert validity_problems(today, None, today) == []
    assert validity_problems(date(2026, 1, 1), today, today) == []
    assert [problem.field for problem in validity_problems(date(2026, 11, 24), date(2026, 11, 22), today)] == [
        "valid_from",
        "valid_to",
    ]
