"""Money: stored and sent as whole fen (1 yuan = 100 fen); unit prices are exact decimals in yuan."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CURRENCY = "CNY"
_FEN_PER_YUAN = 100
_WHOLE = Decimal(1)


def fen_of(unit_price: Decimal, quantity: int) -> int:
    """What `quantity` pieces cost at a tax-inclusive unit price in yuan, in fen, halves up (features.md 4.4)."""
    return int((unit_price * quantity * _FEN_PER_YUAN).quantize(_WHOLE, ROUND_HALF_UP))


def tax_within(gross_fen: int, rate_percent: int) -> int:
    """The VAT contained in a tax-inclusive amount: gross x r / (1 + r), halves up, in fen (features.md 4.4)."""
    return int((Decimal(gross_fen * rate_percent) / (100 + rate_percent)).quantize(_WHOLE, ROUND_HALF_UP))


def yuan(fen: int) -> str:
    """`123450` fen as `¥1,234.50`, for people."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), _FEN_PER_YUAN)
    return f"{sign}¥{whole:,}.{rest:02d}"
