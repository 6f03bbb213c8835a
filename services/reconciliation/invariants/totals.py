"""Invariants of the ledger's totals: accounts, statement lines and day totals are sums of the journals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from kernel.invariants.snapshot import Finding, Snapshot
from services.reconciliation.invariants.journals import journal_id, owed_fen
from services.reconciliation.ledger.items import DayTotalsItem, JournalItem, LedgerEntryItem, LedgerItem
from services.reconciliation.ledger.rules import Account


def ledger_debits_equal_credits(snapshot: Snapshot) -> Iterator[Finding]:
    """Find that, over all dealers and accounts, debits and credits do not balance."""
    rest = sum(ledger.total_of(account) for ledger in snapshot.items(LedgerItem) for account in Account)
    if rest:
        yield Finding("trial-balance", "ledger", f"debits exceed credits by {rest} fen")


def account_balances_are_sums_of_journals(snapshot: Snapshot) -> Iterator[Finding]:
    """Find dealers whose account balances or number of journals are not those of their journals."""
    ledgers, journals = snapshot.by_partition(LedgerItem), snapshot.by_partition(JournalItem)
    for dealer_id in sorted(ledgers.keys() | journals.keys()):
        ledger = next(iter(ledgers.get(dealer_id, [])), None)
        booked: Counter[str] = Counter()
        for journal in journals.get(dealer_id, []):
            booked.update(journal.amounts)
        for account in Account:
            stored = ledger.total_of(account) if ledger else 0
            if stored != booked[account.value]:
                detail = f"{account} {stored}, sum of its journals {booked[account.value]}"
                yield Finding("ledger-total", dealer_id, detail)
        counted, number = ledger.journal_count if ledger else 0, len(journals.get(dealer_id, []))
        if counted != number:
            yield Finding("ledger-total", dealer_id, f"counts {counted} journals, there are {number}")


def every_journal_has_one_statement_line(snapshot: Snapshot) -> Iterator[Finding]:
    """Find journals without exactly one statement line, or whose line changes what is owed by another amount."""
    owed = {journal_id(journal): owed_fen(journal) for journal in snapshot.items(JournalItem)}
    stated: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for entry in snapshot.items(LedgerEntryItem):
        stated[entry.journal_id] += entry.debit_fen - entry.credit_fen
        lines[entry.journal_id] += 1
    for number in sorted(owed.keys() | lines.keys()):
        if owed.get(number) != stated.get(number):
            detail = f"journal {owed.get(number)} fen, statement line {stated.get(number)}"
            yield Finding("entry-amount", number, detail)
        elif lines[number] > 1:
            yield Finding("entry-twice", number, f"{lines[number]} lines")


def day_totals_are_sums_of_lines(snapshot: Snapshot) -> Iterator[Finding]:
    """Find totals by day and due day that are not the sums of the statement lines."""
    sums: dict[tuple[str, str, str], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for entry in snapshot.items(LedgerEntryItem):
        key = entry.pk, entry.posted_on, entry.due_on or "-"
        debit, credit, lines = sums[key]
        sums[key] = debit + entry.debit_fen, credit + entry.credit_fen, lines + 1
    stored: Mapping[tuple[str, str, str], tuple[int, int, int]] = {
        (day.pk, *_day_and_due_day(day)): (day.debit_fen, day.credit_fen, day.line_count)
        for day in snapshot.items(DayTotalsItem)
    }
    for key in sorted(sums.keys() | stored.keys()):
        if sums.get(key) != stored.get(key):
            detail = f"{stored.get(key)}, sum of its lines {sums.get(key)}"
            yield Finding("day-total", f"{key[0]} {key[1]}", detail)


ALWAYS = (
    ledger_debits_equal_credits,
    account_balances_are_sums_of_journals,
    every_journal_has_one_statement_line,
    day_totals_are_sums_of_lines,
)


def _day_and_due_day(day: DayTotalsItem) -> tuple[str, str]:
    _, posted_on, due_on = day.sk.split("#")
    return posted_on, due_on
