"""Invariants between two services: the only rules here, because a service may not import another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from contracts.orders import OrderShipmentVoided, OrderShipped
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.time.clock import business_date, parse_stamp
from services.orders.credit.items import OrderingAccountItem, ReceivablesItem
from services.orders.credit.receivables import Receivables, fold_oldest_days
from services.orders.invariants.credit import (
    credit_changes_applied,
    credit_changes_published,
    ordered_fen,
    receivables_of,
    shipped_fen,
)
from services.orders.invariants.loading import all_readable_shipments, orders_by_dealer
from services.reconciliation.invariants.journals import shipment_journals, voided_shipment_ids
from services.reconciliation.ledger.items import JournalItem, LedgerItem
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


def receivables_match_journals(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find dealers whose receivables by due day, or payments less reversals, differ from the journals of the ledger.

    Dealers whose shipments or payments are not all applied yet are left out, as above.
    """
    stored, ledgers = snapshot.by_partition(ReceivablesItem), snapshot.by_partition(JournalItem)
    folded_on = business_date(parse_stamp(due)) + _MORE_THAN_SINCE_THE_LAST_CHANGE
    for dealer_id in sorted((stored.keys() | ledgers.keys()) - _dealers_in_progress(snapshot)):
        found = receivables_of(stored.get(dealer_id, ()))
        expected = _receivables_of_journals(ledgers.get(dealer_id, ()))
        found, expected = (
            one._replace(by_due_day=fold_oldest_days(one.by_due_day, folded_on)) for one in (found, expected)
        )
        if found != expected:
            yield Finding("order-receivables", dealer_id, f"stored {found}, the journals give {expected}")


ALWAYS = (
    shipment_journals_match_shipments,
    references_name_known_masters,
    inactive_warehouses_are_unused,
)
WHEN_DUE = (credit_exposure_is_owed_plus_on_order, receivables_match_journals)


#: Old days are folded at each change, so both sides are folded on a later day than any change.
_MORE_THAN_SINCE_THE_LAST_CHANGE = timedelta(days=7)


def _receivables_of_journals(journals: Iterable[JournalItem]) -> Receivables:
    by_due_day: Counter[str] = Counter()
    covered_fen = 0
    for journal in journals:
        owed_fen = journal.amounts.get(Account.RECEIVABLE.value, 0)
        if journal.due_on:
            by_due_day[journal.due_on] += owed_fen
        else:
            covered_fen -= owed_fen
    return Receivables(by_due_day, covered_fen)


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
