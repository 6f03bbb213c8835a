"""Money: stored and sent as whole fen (1 yuan = 100 fen); unit prices are exact decimals in yuan."""

from __future__ import annotations

from decimal import Decimal

CURRENCY = "CNY"
_FEN_PER_YUAN = 100


def fen_of(unit_price: Decimal, quantity: int) -> int:
    """What `quantity` pieces cost at a tax-inclusive unit price in yuan, in fen, halves up (features.md 4.4)."""
    numerator, denominator = unit_price.as_integer_ratio()
    return _half_up(numerator * quantity * _FEN_PER_YUAN, denominator)


def tax_within(gross_fen: int, rate_percent: int) -> int:
    """The VAT contained in a tax-inclusive amount: gross x r / (1 + r), halves up, in fen (features.md 4.4)."""
    return _half_up(gross_fen * rate_percent, 100 + rate_percent)


def _half_up(numerator: int, denominator: int) -> int:
    """The whole number nearest to an exact ratio; halves away from zero, so a reversal mirrors what it reverses."""
    if numerator < 0:
        return -_half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def yuan(fen: int) -> str:
    """`123450` fen as `¥1,234.50`, for people."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), _FEN_PER_YUAN)
    return f"{sign}¥{whole:,}.{rest:02d}"
