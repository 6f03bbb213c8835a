"""Invariants between two services: the only rules here, because a service may not import another."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.orders import OrderShipmentVoided, OrderShipped
from kernel.invariants.snapshot import Finding, Snapshot
from services.orders.credit.items import OrderingAccountItem
from services.orders.invariants.credit import credit_changes_applied, credit_changes_published, ordered_fen, shipped_fen
from services.orders.invariants.loading import all_readable_shipments, orders_by_dealer
from services.reconciliation.invariants.journals import shipment_journals, voided_shipment_ids
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.rules import Account
from tools.audit.references import inactive_warehouses_are_unused, references_name_known_masters


def shipment_journals_match_shipments(snapshot: Snapshot) -> Iterator[Finding]:
    """Find journals of shipments that are not stored, or with other amounts than the shipment."""
    shipped = {
        shipment.event.shipment_id: shipment.event
        for shipments in snapshot.cached(all_readable_shipments).values()
        for shipment in shipments
        if shipment.event.shipped_gross_fen
    }
    for shipment_id, journal in sorted(snapshot.cached(shipment_journals).items()):
        if shipment_id not in shipped:
            yield Finding("journal-without-shipment", journal.sk, "there is no such shipment")
        elif journal.amounts != (expected := _amounts_of(shipped[shipment_id])):
            yield Finding("journal-amounts", shipment_id, f"{journal.amounts}, shipped {expected}")


def credit_exposure_is_owed_plus_on_order(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find dealers without: committed = receivable + value on order.

    Dealers whose shipments or payments are not all applied yet are left out; other rules find those.
    """
    accounts, ledgers, by_dealer = (
        snapshot.by_partition(OrderingAccountItem),
        snapshot.by_partition(LedgerItem),
        snapshot.cached(orders_by_dealer),
    )
    for dealer_id in sorted((by_dealer.keys() | accounts.keys() | ledgers.keys()) - _dealers_in_progress(snapshot)):
        stored = accounts[dealer_id][0].committed_fen if dealer_id in accounts else 0
        exposure = sum(ordered_fen(order) - shipped_fen(order) for order in by_dealer.get(dealer_id, []))
        exposure += sum(ledger.total_of(Account.RECEIVABLE) for ledger in ledgers.get(dealer_id, []))
        if stored != exposure:
            yield Finding("order-exposure", dealer_id, f"account has {stored} fen, owed and on order are {exposure}")


ALWAYS = (
    shipment_journals_match_shipments,
    references_name_known_masters,
    inactive_warehouses_are_unused,
)
WHEN_DUE = (credit_exposure_is_owed_plus_on_order,)


def _amounts_of(shipped: OrderShipped) -> dict[str, int]:
    gross_fen, tax_fen = shipped.shipped_gross_fen, shipped.shipped_tax_fen
    amounts = {Account.RECEIVABLE: gross_fen, Account.SALES: tax_fen - gross_fen, Account.OUTPUT_TAX: -tax_fen}
    return {account.value: fen for account, fen in amounts.items() if fen}


def _dealers_in_progress(snapshot: Snapshot) -> set[str]:
    """Return the dealers with a shipment that is not posted or reversed, or with a ledger event that is not applied."""
    posted, applied = snapshot.cached(shipment_journals), snapshot.cached(credit_changes_applied)
    unposted = {
        message.data["dealer_id"]
        for message in snapshot.events_of_type(OrderShipped.TYPE)
        if message.data["shipped_gross_fen"] and message.data["shipment_id"] not in posted
    }
    voided = snapshot.cached(voided_shipment_ids)
    unposted |= {
        message.data["dealer_id"]
        for message in snapshot.events_of_type(OrderShipmentVoided.TYPE)
        if message.data["shipped_gross_fen"] and message.data["shipment_id"] not in voided
    }
    changes = snapshot.cached(credit_changes_published).items()
    return unposted | {dealer_id for event_id, (dealer_id, _) in changes if event_id not in applied}
