"""Ordering accounts: last order number, committed amount, applied ledger events."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key


# P  ordering account of a dealer   pk: ORDERING#<dealer>   sk: ACCOUNT
class OrderingAccountItem(Item, discriminator="ordering_account"):
    """Last order number of a dealer, and the amount it owes or has on order, in fen; without orders on credit hold.

    `accepted_fen`: amount above the limit that finance accepted with the last release of a credit hold; absent once
    the dealer has ordered within its limit. `urgent_orders`: number of urgent orders in `urgent_quota_week` (2026-W48).
    `purchase_orders`: the recent ones, as `remember` packs them.
    """

    last_sequence = IntegerAttribute(default=0)  # a payment may precede the first order
    committed_fen = IntegerAttribute(default=0)
    accepted_fen = IntegerAttribute(null=True)
    urgent_week = UnicodeAttribute(null=True)
    urgent_orders = IntegerAttribute(default=0)
    purchase_orders = BinaryAttribute(null=True, legacy_encoding=False)


# P  whether an event of the ledger was applied   pk: ORDERING#<dealer>   sk: LEDGER_EVENT#<event>
class AppliedLedgerEventItem(Item, discriminator="applied_ledger_event"):
    """Ledger event that has changed the committed amount, so that it is applied once."""

    change_fen = IntegerAttribute()


def ordering_account_key(dealer_id: str) -> Key:
    """Key of a dealer's ordering account."""
    return f"ORDERING#{dealer_id}", "ACCOUNT"
