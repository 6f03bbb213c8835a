"""Rules of the credit limit, and of what events change in the credit of a dealer; fen."""

from __future__ import annotations

from typing import NamedTuple

from contracts.orders import OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.base.problems import Refusal
from kernel.messaging.events import Event
from kernel.time.clock import business_date_after, parse_stamp


class CreditRefusal(Refusal):
    """The order is on credit hold, or is beyond what its dealer may owe and belongs there."""


class CreditChange(NamedTuple):
    """Change of a dealer's credit by one event.

    `committed_fen`: change of the committed amount; `owed_fen`: of what the dealer owes; `due_on`: due day (ISO date)
    of what it owes, None for a payment.
    """

    dealer_id: str
    committed_fen: int
    owed_fen: int
    due_on: str | None = None


def credit_change(event: Event | None) -> CreditChange | None:
    """Return what a shipment, a payment or a reversal changes; None if that is nothing.

    The amount of a shipment was committed when it was ordered. A voided shipment comes as a reversal of the ledger.
    """
    if isinstance(event, OrderShipped) and event.shipped_gross_fen:
        due_on = business_date_after(parse_stamp(event.shipped_at), event.payment_days)
        return CreditChange(event.dealer_id, 0, event.shipped_gross_fen, due_on.isoformat())
    if isinstance(event, PaymentPosted):
        return CreditChange(event.dealer_id, -event.amount_fen, -event.amount_fen)
    if isinstance(event, JournalReversed):
        return CreditChange(event.dealer_id, event.owed_change_fen, event.owed_change_fen, event.due_on)
    return None


def exceeds_credit_limit(total_fen: int, committed_fen: int, limit_fen: int) -> bool:
    """Return whether an order raises what the dealer owes and has on order above its limit; fen."""
    return committed_fen + total_fen > limit_fen
