"""Invariants of the ledger and of statements."""

from services.reconciliation.invariants import journals, statements, totals
from services.reconciliation.ledger.items import BankReferenceItem, JournalItem, LedgerEntryItem, VoidedShipmentItem
from services.reconciliation.statements.items import StatementItem

#: Rules that need only the items of the ledger, no event.
LEDGER = (*journals.ALWAYS, *totals.ALWAYS, *statements.ALWAYS)
ALWAYS = (*LEDGER, *journals.ALWAYS_WITH_EVENTS, *statements.ALWAYS_WITH_EVENTS)
WHEN_DUE = (*journals.WHEN_DUE, *statements.WHEN_DUE)
WRITTEN_ONCE = (JournalItem, LedgerEntryItem, BankReferenceItem, VoidedShipmentItem, StatementItem)
