"""Rules of the credit limit, in fen."""

from __future__ import annotations


def exceeds_credit_limit(total_fen: int, committed_fen: int, limit_fen: int) -> bool:
    """Return whether an order raises what the dealer owes and has on order above its limit; fen."""
    return committed_fen + total_fen > limit_fen
