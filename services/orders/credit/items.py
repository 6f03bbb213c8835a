"""Ordering accounts: last order number, committed amount, applied ledger events."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute


# P  ordering account of a dealer   pk: ORDERING#<dealer>   sk: ACCOUNT
class OrderingAccountItem(Item, discriminator="ordering_account"):
    """Last order number of a dealer, and the amount it owes or has on order, in fen; without orders on credit hold.

    `accepted_fen`: amount above the limit that finance accepted with the last release of a credit hold; absent once
    the dealer has ordered within its limit. `urgent_orders`: number of urgent orders in `urgent_quota_week` (2026-W48).
    `purchase_orders`: the recent ones, as `remember` packs them. `debts`: the oldest debts that payments do not cover,
    as `pack_debts` packs them; always those of the receivables. `accepted_overdue_fen`: overdue amount that finance
    accepted with the last release of a credit hold, of debts due before the day `accepted_overdue_on`.
    """

    last_sequence = IntegerAttribute(default=0)  # a payment may precede the first order
    committed_fen = IntegerAttribute(default=0)
    accepted_fen = IntegerAttribute(null=True)
    urgent_week = UnicodeAttribute(null=True)
    urgent_orders = IntegerAttribute(default=0)
    purchase_orders = BinaryAttribute(null=True, legacy_encoding=False)
    debts = BinaryAttribute(null=True, legacy_encoding=False)
    accepted_overdue_fen = IntegerAttribute(null=True)
    accepted_overdue_on = UnicodeAttribute(null=True)


# P  what a dealer owes by due day   pk: ORDERING#<dealer>   sk: RECEIVABLES
class ReceivablesItem(Item, discriminator="receivables"):
    """Shipments of a dealer less their reversals, {due day: fen}, and `covered_fen`: payments less their reversals.

    Decisions read the debts that the ordering account has of it. `version` counts the changes.
    """

    version = IntegerAttribute()
    by_due_day = PackedJSONAttribute()
    covered_fen = IntegerAttribute()


# P  whether a shipment or an event of the ledger was applied   pk: ORDERING#<dealer>   sk: LEDGER_EVENT#<event>
class AppliedLedgerEventItem(Item, discriminator="applied_ledger_event"):
    """Shipment or ledger event that has changed the credit of a dealer, so that it is applied once.

    `change_fen`: its change of the committed amount, 0 for a shipment.
    """

    change_fen = IntegerAttribute()


def ordering_account_key(dealer_id: str) -> Key:
    """Key of a dealer's ordering account."""
    return f"ORDERING#{dealer_id}", "ACCOUNT"


def receivables_key(dealer_id: str) -> Key:
    """Key of what a dealer owes by due day."""
    return f"ORDERING#{dealer_id}", "RECEIVABLES"
