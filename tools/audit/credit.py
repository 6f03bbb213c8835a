"""Invariants of credit: what a dealer has committed is what it ordered and what it owes, each told once."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.orders import OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.messaging.events import Envelope
from services.orders.credit.items import AppliedLedgerEventItem, OrderingAccountItem
from services.orders.order.items import Order
from services.orders.vocabulary import OPEN_STATES
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.rules import Account
from tools.audit.findings import Finding
from tools.audit.ledger import booked_shipments
from tools.audit.reading import Snapshot


def commitments_are_explained(table: Snapshot) -> Iterator[Finding]:
    """G7: what a dealer has committed = what it ordered + what the followed events of the ledger changed."""
    accounts, followed, by_dealer = (
        table.by_partition(OrderingAccountItem),
        table.by_partition(AppliedLedgerEventItem),
        table.orders_of,
    )
    for dealer_id in sorted(by_dealer.keys() | accounts.keys() | followed.keys()):
        stored = accounts[dealer_id][0].committed_fen if dealer_id in accounts else 0
        told = sum(map(_ordered_fen, by_dealer.get(dealer_id, [])))
        told += sum(event.change_fen for event in followed.get(dealer_id, []))
        if stored != told:
            yield Finding("order-committed", dealer_id, f"account says {stored} fen, orders and followed events {told}")


def exposure_is_owed_and_on_order(table: Snapshot, due: str) -> Iterator[Finding]:
    """G7, when due: exposure(d) = receivable + value of what is on order. Not of dealers of whom the ledger, or credit,
    does not know everything yet: that is for other rules to say."""
    accounts, ledgers, by_dealer = (
        table.by_partition(OrderingAccountItem),
        table.by_partition(LedgerItem),
        table.orders_of,
    )
    for dealer_id in sorted((by_dealer.keys() | accounts.keys() | ledgers.keys()) - _under_way(table)):
        stored = accounts[dealer_id][0].committed_fen if dealer_id in accounts else 0
        exposed = sum(_ordered_fen(order) - _shipped_fen(order) for order in by_dealer.get(dealer_id, []))
        exposed += sum(ledger.total_of(Account.RECEIVABLE) for ledger in ledgers.get(dealer_id, []))
        if stored != exposed:
            yield Finding("order-exposure", dealer_id, f"account says {stored} fen, owed and on order are {exposed}")


def followed_events_happened(table: Snapshot) -> Iterator[Finding]:
    """E1, E2: a change of credit follows one event of the ledger, by its amount."""
    changes = table.once(_credit_changes)
    for event_id, (pk, change_fen) in sorted(table.once(_followed).items()):
        dealer_id, expected = changes.get(event_id, (None, None))
        if pk != f"ORDERING#{dealer_id}" or change_fen != expected:
            yield Finding(
                "event-followed", event_id, f"{pk} by {change_fen} fen, the event says {dealer_id} {expected}"
            )


def credit_follows(table: Snapshot, due: str) -> Iterator[Finding]:
    """E2, when due: every event of the ledger that changes credit was followed."""
    followed = table.once(_followed)
    for event_id in sorted(table.once(_credit_changes)):
        if event_id not in followed and table.events[event_id].time < due:
            yield Finding("event-unfollowed", event_id, "the dealer's credit does not know of it")


ALWAYS = (commitments_are_explained, followed_events_happened)
WHEN_DUE = (exposure_is_owed_and_on_order, credit_follows)


def _ordered_fen(order: Order) -> int:
    """An open order counts whole; of one that ended, what was shipped."""
    return order.header.gross_fen if order.state in OPEN_STATES else _shipped_fen(order)


def _shipped_fen(order: Order) -> int:
    return sum(line.value_of(so_far.shipped) for line, so_far in zip(order.lines, order.progress, strict=True))


def _under_way(table: Snapshot) -> set[str]:
    """Dealers with a shipment that is not booked, or a change of credit that was not followed."""
    booked, followed = table.once(booked_shipments), table.once(_followed)
    unbooked = {
        message.data["dealer_id"]
        for message in table.told(OrderShipped.TYPE)
        if message.data["shipped_gross_fen"] and message.data["shipment_id"] not in booked
    }
    changes = table.once(_credit_changes).items()
    return unbooked | {dealer_id for event_id, (dealer_id, _) in changes if event_id not in followed}


def _followed(table: Snapshot) -> dict[str, tuple[str, int]]:
    """Partition and change in fen by event."""
    return {
        item.sk.removeprefix("LEDGER_EVENT#"): (item.pk, item.change_fen) for item in table.all(AppliedLedgerEventItem)
    }


def _credit_changes(table: Snapshot) -> dict[str, tuple[str, int]]:
    """Dealer and change in fen by event."""

    def change_fen(message: Envelope) -> int:
        by_receipt = message.type == PaymentPosted.TYPE
        return -message.data["amount_fen"] if by_receipt else int(message.data["owed_change_fen"])

    return {
        message.id: (message.data["dealer_id"], change_fen(message))
        for kind in (PaymentPosted.TYPE, JournalReversed.TYPE)
        for message in table.told(kind)
    }
