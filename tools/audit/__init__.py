"""Check the invariants of a stage against what really stands in its table and queues (reliability.md 3).

Each rule is a small function over items; here they are put together. Run it when the system is quiet: the table is read
item by item, not at one moment.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

from contracts.catalog import ProductItem
from contracts.stock import ShelfItem
from kernel import clock
from kernel.outbox import EventItem
from services.orders.table import AccountItem, FollowedEventItem, GoodsReceiptItem, Order, ShipmentItem
from services.reconciliation.domain import Account
from services.reconciliation.table import DayItem, EntryItem, JournalItem, LedgerItem, StatementItem
from tools.audit.delivery import dead_letter_findings, unsent_findings
from tools.audit.findings import Finding
from tools.audit.ledger import ledger_findings, shipment_findings, trial_balance_findings
from tools.audit.orders import dealer_findings, order_findings
from tools.audit.reading import Snapshot, dead_letters, snapshot
from tools.audit.stock import stock_findings

__all__ = ["Finding", "audit", "findings"]

#: An event that is still not sent after this time was forgotten; the sweeper looks every minute.
_PATIENCE = timedelta(minutes=3)
_SECOND_LOOK_AFTER_SECONDS = 5


def audit(stage: str, pause: Callable[[float], None] = time.sleep) -> list[Finding]:
    """Everything that is wrong with a stage; empty when all invariants hold.

    What moves while it is read may look wrong, so what is found is looked at once more.
    """
    found = _look(stage)
    if found:
        pause(_SECOND_LOOK_AFTER_SECONDS)
        still = set(_look(stage))
        found = [finding for finding in found if finding in still]
    return found


def _look(stage: str) -> list[Finding]:
    return [*findings(snapshot(stage)), *dead_letter_findings(dead_letters(stage))]


def findings(table: Snapshot) -> Iterator[Finding]:
    """Everything that is wrong with what stands in a table."""
    slots = {product.sku: int(product.slot_number) for product in table.all(ProductItem)}
    yield from stock_findings(table.all(ShelfItem), table.all(GoodsReceiptItem), table.orders, slots)
    yield from _orders(table)
    yield from _ledger(table)
    yield from unsent_findings(table.all(EventItem), clock.now(), _PATIENCE)


def _orders(table: Snapshot) -> Iterator[Finding]:
    shipments: dict[str, list[ShipmentItem]] = defaultdict(list)
    for shipment in table.all(ShipmentItem):
        shipments[shipment.order_id].append(shipment)
    by_dealer: dict[str, list[Order]] = defaultdict(list)
    for order in table.orders:
        by_dealer[order.header.dealer_id].append(order)
        history = [event.envelope for event in table.history[order.header.order_id]]
        yield from order_findings(order, history, shipments[order.header.order_id])
    accounts = table.by_partition(AccountItem)
    followed = table.by_partition(FollowedEventItem)
    ledgers = table.by_partition(LedgerItem)
    for dealer_id in sorted(by_dealer.keys() | accounts.keys() | ledgers.keys()):
        yield from dealer_findings(
            dealer_id,
            by_dealer[dealer_id],
            next(iter(accounts.get(dealer_id, [])), None),
            followed.get(dealer_id, []),
            sum(ledger.total_of(Account.RECEIVABLE) for ledger in ledgers.get(dealer_id, [])),
        )


def _ledger(table: Snapshot) -> Iterator[Finding]:
    ledgers = table.by_partition(LedgerItem)
    journals = table.by_partition(JournalItem)
    entries = table.by_partition(EntryItem)
    days = table.by_partition(DayItem)
    statements = table.by_partition(StatementItem)
    for dealer_id in sorted(ledgers.keys() | journals.keys() | entries.keys() | days.keys() | statements.keys()):
        yield from ledger_findings(
            dealer_id,
            next(iter(ledgers.get(dealer_id, [])), None),
            journals.get(dealer_id, []),
            entries.get(dealer_id, []),
            days.get(dealer_id, []),
            statements.get(dealer_id, []),
        )
    yield from shipment_findings(table.all(ShipmentItem), table.all(JournalItem))
    yield from trial_balance_findings(table.all(LedgerItem))
