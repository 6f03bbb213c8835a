"""Money: whole fen, halves up, exact for any amount."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base.money import fen_of, format_yuan, tax_within

PRICES = st.decimals(min_value=0, max_value=999_999_999, places=6, allow_nan=False, allow_infinity=False)
QUANTITIES = st.integers(1, 1_000_000)
AMOUNTS = st.integers(0, 10**14)
RATES = st.sampled_from([0, 1, 3, 6, 9, 13, 16, 17])


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


@given(PRICES, QUANTITIES)
def test_amount_is_price_times_quantity_rounded_half_up(price: Decimal, quantity: int) -> None:
    assert fen_of(price, quantity) == half_up(Fraction(price) * quantity * 100)


@given(AMOUNTS, RATES)
def test_contained_tax_is_exact_and_rounded_half_up(gross: int, rate: int) -> None:
    assert tax_within(gross, rate) == half_up(Fraction(gross * rate, 100 + rate))


@given(AMOUNTS, RATES)
def test_tax_of_a_reversal_is_the_negative_tax(gross: int, rate: int) -> None:
    tax = tax_within(gross, rate)
    assert 0 <= tax <= gross
    assert tax_within(-gross, rate) == -tax


def test_half_a_fen_is_rounded_up() -> None:
    assert fen_of(Decimal("0.005"), 1) == 1
    assert fen_of(Decimal("0.005"), 3) == 2
    assert fen_of(Decimal("0.0049999"), 1) == 0


@pytest.mark.parametrize(
    ("price", "quantity", "fen"),
    [("12.5", 3, 3750), ("0", 5, 0), ("0.333333", 3, 100), ("0.1", 3, 30), ("1.005", 1, 101), ("19.99", 100, 199_900)],
)
def test_amount_of_known_lines(price: str, quantity: int, fen: int) -> None:
    assert fen_of(Decimal(price), quantity) == fen


@pytest.mark.parametrize(
    ("gross", "rate", "tax"), [(11_300, 13, 1_300), (100, 13, 12), (1, 13, 0), (0, 13, 0), (113, 0, 0)]
)
def test_tax_of_known_amounts(gross: int, rate: int, tax: int) -> None:
    assert tax_within(gross, rate) == tax


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "¥0.00"), (5, "¥0.05"), (123_450, "¥1,234.50"), (-5, "-¥0.05"), (-123_400, "-¥1,234.00")]
)
def test_amount_is_shown_in_yuan(fen: int, text: str) -> None:
    assert format_yuan(fen) == text


@given(st.integers(-(10**15), 10**15))
def test_shown_amount_has_every_fen(fen: int) -> None:
    assert int(format_yuan(fen).replace("¥", "").replace(",", "").replace(".", "")) == fen
