"""Invariants of the ledger: it balances, it only says what happened, and it says all that happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.orders.table import ShipmentItem
from services.reconciliation.domain import Account, Kind
from services.reconciliation.table import DayItem, EntryItem, JournalItem, LedgerItem, StatementItem
from tools.audit.findings import Finding


def shipment_findings(shipments: Iterable[ShipmentItem], journals: Iterable[JournalItem]) -> Iterator[Finding]:
    """Shipments and their journals match one to one, to the fen."""
    sent = {shipment.shipment_id: shipment for shipment in shipments if shipment.gross_fen}
    booked = {journal.document_id: journal for journal in journals if journal.document_kind == Kind.SHIPMENT}
    for shipment_id in sorted(sent.keys() - booked.keys()):
        yield Finding("shipment-unbooked", shipment_id, f"{sent[shipment_id].gross_fen} fen are not in the ledger")
    for shipment_id in sorted(booked.keys() - sent.keys()):
        yield Finding("journal-unfounded", booked[shipment_id].sk, "there is no such shipment")
    for shipment_id in sorted(sent.keys() & booked.keys()):
        expected = _amounts_of(sent[shipment_id])
        if booked[shipment_id].amounts != expected:
            yield Finding("journal-amounts", shipment_id, f"{booked[shipment_id].amounts}, shipped {expected}")


def _amounts_of(shipment: ShipmentItem) -> dict[str, int]:
    gross_fen, tax_fen = int(shipment.gross_fen), int(shipment.tax_fen)
    amounts = {Account.RECEIVABLE: gross_fen, Account.SALES: tax_fen - gross_fen, Account.OUTPUT_TAX: -tax_fen}
    return {account.value: fen for account, fen in amounts.items() if fen}


def ledger_findings(
    dealer_id: str,
    ledger: LedgerItem | None,
    journals: Sequence[JournalItem],
    entries: Sequence[EntryItem],
    days: Sequence[DayItem],
    statements: Sequence[StatementItem],
) -> Iterator[Finding]:
    """Everything that does not add up within one dealer's ledger."""
    yield from _balances(journals)
    yield from _accounts(dealer_id, ledger, journals)
    yield from _entries(dealer_id, journals, entries)
    yield from _days(dealer_id, entries, days)
    yield from _statements(dealer_id, entries, statements)


def trial_balance_findings(ledgers: Iterable[LedgerItem]) -> Iterator[Finding]:
    """Over all dealers and accounts, debits are credits."""
    rest = sum(ledger.total_of(account) for ledger in ledgers for account in Account)
    if rest:
        yield Finding("trial-balance", "ledger", f"debits exceed credits by {rest} fen")


def _balances(journals: Iterable[JournalItem]) -> Iterator[Finding]:
    for journal in journals:
        if len(journal.amounts) < 2 or sum(journal.amounts.values()):
            yield Finding("journal-balance", journal.sk, f"{journal.amounts}")


def _accounts(dealer_id: str, ledger: LedgerItem | None, journals: Sequence[JournalItem]) -> Iterator[Finding]:
    booked: Counter[str] = Counter()
    for journal in journals:
        booked.update(journal.amounts)
    for account in Account:
        stored = ledger.total_of(account) if ledger else 0
        if stored != booked[account.value]:
            yield Finding("ledger-total", dealer_id, f"{account} {stored}, its journals say {booked[account.value]}")
    counted = int(ledger.journals) if ledger else 0
    if counted != len(journals):
        yield Finding("ledger-total", dealer_id, f"counts {counted} journals, there are {len(journals)}")


def _entries(dealer_id: str, journals: Sequence[JournalItem], entries: Sequence[EntryItem]) -> Iterator[Finding]:
    """One statement line per journal, by as much as the journal changes what is owed."""
    # Not by `JournalItem.journal`, which refuses to read what does not balance.
    owed = {
        f"{dealer_id}.{journal.sk.removeprefix('JOURNAL#')}": journal.amounts.get(Account.RECEIVABLE.value, 0)
        for journal in journals
    }
    stated = {entry.journal_id: int(entry.debit_fen) - int(entry.credit_fen) for entry in entries}
    for journal_id in sorted(owed.keys() | stated.keys()):
        if owed.get(journal_id) != stated.get(journal_id):
            detail = f"journal {owed.get(journal_id)} fen, statement line {stated.get(journal_id)}"
            yield Finding("entry-amount", journal_id, detail)
    if len(stated) != len(entries):
        yield Finding("entry-twice", dealer_id, f"{len(entries)} lines for {len(stated)} journals")


def _days(dealer_id: str, entries: Iterable[EntryItem], days: Iterable[DayItem]) -> Iterator[Finding]:
    """Totals by day and due day are the sums of their lines."""
    sums: dict[tuple[str, str], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for entry in entries:
        key = entry.posted_on, entry.due_on or "-"
        debit, credit, lines = sums[key]
        sums[key] = debit + int(entry.debit_fen), credit + int(entry.credit_fen), lines + 1
    stored: Mapping[tuple[str, str], tuple[int, int, int]] = {
        (day.sk.split("#")[1], day.sk.split("#")[2]): (int(day.debit_fen), int(day.credit_fen), int(day.line_count))
        for day in days
    }
    for key in sorted(sums.keys() | stored.keys()):
        if sums.get(key) != stored.get(key):
            yield Finding("day-total", f"{dealer_id} {key[0]}", f"{stored.get(key)}, its lines say {sums.get(key)}")


def _statements(dealer_id: str, entries: Sequence[EntryItem], statements: Sequence[StatementItem]) -> Iterator[Finding]:
    """Each statement holds its period's lines and opens where the one before closed."""
    opening = 0
    for statement in sorted(statements, key=lambda item: item.period):
        lines = [entry for entry in entries if entry.posted_on.startswith(statement.period)]
        expected = (opening, sum(int(line.debit_fen) for line in lines), sum(int(line.credit_fen) for line in lines))
        stored = (int(statement.opening_fen), int(statement.debit_fen), int(statement.credit_fen))
        if stored != expected or int(statement.line_count) != len(lines):
            detail = f"opening, debit, credit {stored}, its lines say {expected}"
            yield Finding("statement", f"{dealer_id} {statement.period}", detail)
        opening = statement.totals.closing_fen
