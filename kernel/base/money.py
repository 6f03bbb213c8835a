"""Money in whole fen (1 yuan = 100 fen). Unit prices are exact decimals in yuan."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

Currency = Literal["CNY"]
CURRENCY: Currency = "CNY"
_FEN_PER_YUAN = 100


def fen_of(unit_price: Decimal, quantity: int) -> int:
    """Return the amount in fen of `quantity` pieces at a unit price in yuan: unit price x quantity x 100, halves up."""
    numerator, denominator = unit_price.as_integer_ratio()
    return _half_up(numerator * quantity * _FEN_PER_YUAN, denominator)


def tax_within(gross_fen: int, rate_percent: int) -> int:
    """Return the VAT contained in a tax-inclusive amount in fen: gross x rate / (100 + rate), halves up."""
    return _half_up(gross_fen * rate_percent, 100 + rate_percent)


def _half_up(numerator: int, denominator: int) -> int:
    """Return the nearest whole number; halves away from zero, so that a reversal is exactly the negative amount."""
    if numerator < 0:
        return -_half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def format_yuan(fen: int) -> str:
    """Return an amount in fen as shown to users: 123450 is `¥1,234.50`."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), _FEN_PER_YUAN)
    return f"{sign}¥{whole:,}.{rest:02d}"
