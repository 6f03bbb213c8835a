"""Ordering accounts: last order number, committed amount, applied ledger events."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key


class OrderingAccountItem(Item, discriminator="ordering_account"):
    """A dealer's last order number, and what it owes or has on order, in fen. `urgent_orders`: how many it had in
    `urgent_week` (2026-W48)."""

    last_sequence = IntegerAttribute(default=0)  # money may come before the first order
    committed_fen = IntegerAttribute(default=0)
    urgent_week = UnicodeAttribute(null=True)
    urgent_orders = IntegerAttribute(default=0)


class AppliedLedgerEventItem(Item, discriminator="applied_ledger_event"):
    """An event of the ledger by which commitments were changed, so that it is not followed twice."""

    change_fen = IntegerAttribute()


def account_key(dealer_id: str) -> Key:
    """A dealer's account with us as a buyer."""
    return f"ORDERING#{dealer_id}", "ACCOUNT"
