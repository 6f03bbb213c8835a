"""Invariants between two looks at one table: what was written once stays as it was written."""

from __future__ import annotations

from collections.abc import Iterator

from kernel.messaging.outbox import EventItem
from kernel.store.items import Item
from services.orders.allocation.items import AllocationRunItem, GrantItem
from services.orders.credit.items import AppliedLedgerEventItem
from services.orders.order.items import LinesItem
from services.orders.stock.items import MovementItem
from services.orders.stock_documents.items import GoodsReceiptItem, StockDocumentItem
from services.reconciliation.ledger.items import BankReferenceItem, JournalItem, LedgerEntryItem
from services.reconciliation.statements.items import StatementItem
from services.tickets.items import NoteItem, RequestItem
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

#: Written once and kept for ever, but for the index keys of an outbox_event, which its sending takes away.
_FOR_EVER: tuple[type[Item], ...] = (
    EventItem,
    LinesItem,
    GoodsReceiptItem,
    MovementItem,
    StockDocumentItem,
    AllocationRunItem,
    GrantItem,
    AppliedLedgerEventItem,
    JournalItem,
    LedgerEntryItem,
    BankReferenceItem,
    StatementItem,
    RequestItem,
    NoteItem,
)
_INDEX = ("gsi1pk", "gsi1sk")


def nothing_is_rewritten(before: Snapshot, after: Snapshot) -> Iterator[Finding]:
    """G3, T2: entries(t1) is a subset of entries(t2), for everything that is only ever added."""
    for kind in _FOR_EVER:
        later = {(item.pk, item.sk): item for item in after.all(kind)}
        for item in before.all(kind):
            kept = later.get((item.pk, item.sk))
            if kept is None:
                yield Finding("rewritten", f"{item.pk} {item.sk}", "it was there and is gone")
            elif changed := [name for name in kind.get_attributes() if _differs(name, item, kept)]:
                yield Finding("rewritten", f"{item.pk} {item.sk}", f"changed: {', '.join(sorted(changed))}")


def _differs(name: str, before: Item, after: Item) -> bool:
    return name not in _INDEX and getattr(before, name) != getattr(after, name)
