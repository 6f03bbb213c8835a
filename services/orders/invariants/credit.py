"""Invariants of credit: a dealer's committed amount and debts follow from its orders and from the ledger's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from contracts.orders import OrderShipmentVoided, OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.invariants.snapshot import Finding, Snapshot
from services.orders.credit.items import AppliedLedgerEventItem, OrderingAccountItem, ReceivablesItem
from services.orders.credit.receivables import Receivables, open_debts, pack_debts, unpack_debts
from services.orders.credit.rules import credit_change
from services.orders.invariants.loading import orders_by_dealer
from services.orders.order.items import Order
from services.orders.order.rules import value_without_cancelled


def committed_amount_is_orders_plus_ledger_events(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers without: committed = value of orders and void shipments + changes by applied events of the ledger.

    The pieces of a void shipment count with their order; the reversal of its journal is an event of the ledger.
    """
    voided: Counter[str] = Counter()
    for message in snapshot.events_of_type(OrderShipmentVoided.TYPE):
        voided[message.data["dealer_id"]] += message.data["shipped_gross_fen"]
    accounts, applied, by_dealer = (
        snapshot.by_partition(OrderingAccountItem),
        snapshot.by_partition(AppliedLedgerEventItem),
        snapshot.cached(orders_by_dealer),
    )
    for dealer_id in sorted(by_dealer.keys() | accounts.keys() | applied.keys()):
        stored = accounts[dealer_id][0].committed_fen if dealer_id in accounts else 0
        expected = sum(map(ordered_fen, by_dealer.get(dealer_id, []))) + voided[dealer_id]
        expected += sum(event.change_fen for event in applied.get(dealer_id, []))
        if stored != expected:
            detail = f"account has {stored} fen, orders and applied events {expected}"
            yield Finding("order-committed", dealer_id, detail)


def debts_follow_from_receivables(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers whose account has other debts than their receivables give."""
    accounts, stored = snapshot.by_partition(OrderingAccountItem), snapshot.by_partition(ReceivablesItem)
    for dealer_id in sorted(accounts.keys() | stored.keys()):
        debts = accounts[dealer_id][0].debts if dealer_id in accounts else None
        packed = pack_debts(open_debts(receivables_of(stored.get(dealer_id, ()))))
        if (debts or b"") != packed:
            detail = f"account has {unpack_debts(debts)}, receivables give {unpack_debts(packed)}"
            yield Finding("order-debts", dealer_id, detail)


def receivables_of(stored: Sequence[ReceivablesItem]) -> Receivables:
    """Return the receivables of a dealer that has at most one item of them."""
    return Receivables(stored[0].by_due_day, stored[0].covered_fen) if stored else Receivables({})


def applied_ledger_events_exist(snapshot: Snapshot) -> Iterator[Finding]:
    """Find changes of credit that do not match a shipment or an event of the ledger, by dealer and amount."""
    changes = snapshot.cached(credit_changes_published)
    for event_id, (pk, change_fen) in sorted(snapshot.cached(credit_changes_applied).items()):
        dealer_id, expected = changes.get(event_id, (None, None))
        if pk != f"ORDERING#{dealer_id}" or change_fen != expected:
            detail = f"{pk} by {change_fen} fen, in the event {dealer_id} {expected}"
            yield Finding("credit-change", event_id, detail)


def ledger_events_are_applied(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find shipments and events of the ledger that are due and have not changed the dealer's credit."""
    applied = snapshot.cached(credit_changes_applied)
    for event_id in sorted(snapshot.cached(credit_changes_published)):
        if event_id not in applied and snapshot.events[event_id].time < due:
            yield Finding("credit-change-missing", event_id, "it is not applied to the dealer's credit")


ALWAYS = (
    committed_amount_is_orders_plus_ledger_events,
    debts_follow_from_receivables,
    applied_ledger_events_exist,
)
WHEN_DUE = (ledger_events_are_applied,)


def ordered_fen(order: Order) -> int:
    """Return the committed value of an order in fen: all pieces that are not cancelled, on credit hold what left."""
    if order.header.is_on_credit_hold:
        return shipped_fen(order)
    return value_without_cancelled(order.lines, order.progress)


def shipped_fen(order: Order) -> int:
    """Return the value of the shipped pieces of an order."""
    return sum(line.value_of(progress.shipped) for line, progress in zip(order.lines, order.progress, strict=True))


def credit_changes_applied(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    """Return partition and change in fen of every applied event of the ledger, by event id."""
    return {
        item.sk.removeprefix("LEDGER_EVENT#"): (item.pk, item.change_fen)
        for item in snapshot.items(AppliedLedgerEventItem)
    }


def credit_changes_published(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    """Return dealer and change of the committed amount in fen of every event that changes credit, by event id."""
    return {
        message.id: (change.dealer_id, change.committed_fen)
        for event_type in (OrderShipped.TYPE, PaymentPosted.TYPE, JournalReversed.TYPE)
        for message in snapshot.events_of_type(event_type)
        if (change := credit_change(message.event))
    }
