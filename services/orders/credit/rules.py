"""Rules of the credit limit, in fen."""

from __future__ import annotations

from kernel.base.problems import Refusal


class CreditRefusal(Refusal):
    """The order is on credit hold, or is beyond what its dealer may owe and belongs there."""


def exceeds_credit_limit(total_fen: int, committed_fen: int, limit_fen: int) -> bool:
    """Return whether an order raises what the dealer owes and has on order above its limit; fen."""
    return committed_fen + total_fen > limit_fen
