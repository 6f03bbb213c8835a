"""Rules of the credit limit, in fen."""

from __future__ import annotations


def exceeds_credit_limit(total_fen: int, committed_fen: int, limit_fen: int) -> bool:
    """Whether an order brings what the dealer owes and has on order above the limit (features.md 4.5). All in fen."""
    return committed_fen + total_fen > limit_fen
