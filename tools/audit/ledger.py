"""Invariants of the ledger: it balances, it only says what happened, and it says all that happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from contracts.orders import OrderShipped
from contracts.reconciliation import JournalReversed, PaymentPosted, StatementIssued
from services.reconciliation.ledger.items import (
    BankReferenceItem,
    DayTotalsItem,
    JournalItem,
    LedgerEntryItem,
    LedgerItem,
)
from services.reconciliation.ledger.rules import Account, DocumentKind
from services.reconciliation.periods import next_period
from services.reconciliation.statements.items import StatementItem
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

_ACCOUNTS = frozenset(Account)


# ---- journals ----


def journals_balance(table: Snapshot) -> Iterator[Finding]:
    """G1: a journal has at least two entries, each of a known account and not zero, and debits = credits."""
    for journal in table.all(JournalItem):
        amounts = journal.amounts
        known = amounts.keys() <= _ACCOUNTS and all(isinstance(fen, int) and fen for fen in amounts.values())
        if len(amounts) < 2 or not known or sum(amounts.values()):
            yield Finding("journal-balance", journal.sk, f"{amounts}")


def debits_are_credits(table: Snapshot) -> Iterator[Finding]:
    """G2: over all dealers and accounts, sum of (debit - credit) = 0."""
    rest = sum(ledger.total_of(account) for ledger in table.all(LedgerItem) for account in Account)
    if rest:
        yield Finding("trial-balance", "ledger", f"debits exceed credits by {rest} fen")


def reversals_mirror(table: Snapshot) -> Iterator[Finding]:
    """G3: a reversal books the opposite of what it takes back, and nothing else does."""
    journals = {journal_id(journal): journal for journal in table.all(JournalItem)}
    for number, journal in journals.items():
        if (journal.document_kind == DocumentKind.REVERSAL) != bool(journal.reverses):
            yield Finding("journal-reversal", number, f"a {journal.document_kind} that reverses {journal.reverses}")
        elif journal.reverses:
            original = journals.get(journal.reverses)
            mirrored = {account: -fen for account, fen in original.amounts.items()} if original else None
            if journal.amounts != mirrored or journal.pk != (original and original.pk):
                yield Finding("journal-reversal", number, f"{journal.amounts}, taken back {mirrored}")


def documents_are_booked_once(table: Snapshot) -> Iterator[Finding]:
    """G6: a journal stands under its document, in its dealer's ledger, so no document has two."""
    for journal in table.all(JournalItem):
        expected = f"LEDGER#{journal.dealer_id}", f"JOURNAL#{journal.document_kind}.{journal.document_id}"
        if (journal.pk, journal.sk) != expected:
            yield Finding("journal-key", journal.sk, f"{journal.pk}, is of {expected}")


def money_is_booked_once(table: Snapshot) -> Iterator[Finding]:
    """G6: every receipt has one bank reference, every bank reference one receipt."""
    booked = Counter(item.document_id for item in table.all(JournalItem) if item.document_kind == DocumentKind.PAYMENT)
    known = Counter(item.payment_id for item in table.all(BankReferenceItem))
    for payment_id in sorted(booked.keys() | known.keys()):
        if (booked[payment_id], known[payment_id]) != (1, 1):
            detail = f"{booked[payment_id]} journals, {known[payment_id]} bank references"
            yield Finding("bank-reference", payment_id, detail)


def journals_are_told(table: Snapshot) -> Iterator[Finding]:
    """E1, G6: money and reversals are told as they were booked, each once."""
    told: dict[str, int] = {}
    for message in table.told(PaymentPosted.TYPE):
        told[f"{message.data['dealer_id']}.{DocumentKind.PAYMENT}.{message.data['payment_id']}"] = -message.data[
            "amount_fen"
        ]
    for message in table.told(JournalReversed.TYPE):
        told[message.data["journal_id"]] = message.data["owed_change_fen"]
    booked = {
        journal_id(journal): _owed_fen(journal)
        for journal in table.all(JournalItem)
        if journal.document_kind != DocumentKind.SHIPMENT
    }
    for number in sorted(told.keys() | booked.keys()):
        if told.get(number) != booked.get(number):
            yield Finding("journal-told", number, f"booked {booked.get(number)} fen, told {told.get(number)}")


# ---- shipments ----


def shipment_journals_are_founded(table: Snapshot) -> Iterator[Finding]:
    """E1, G6: what is booked as shipped was shipped, to the fen."""
    sent = {
        shipment.event.shipment_id: shipment.event
        for shipments in table.shipments.values()
        for shipment in shipments
        if shipment.event.shipped_gross_fen
    }
    for shipment_id, journal in sorted(table.once(booked_shipments).items()):
        if shipment_id not in sent:
            yield Finding("journal-unfounded", journal.sk, "there is no such shipment")
        elif journal.amounts != (expected := _amounts_of(sent[shipment_id])):
            yield Finding("journal-amounts", shipment_id, f"{journal.amounts}, shipped {expected}")


def shipments_get_booked(table: Snapshot, due: str) -> Iterator[Finding]:
    """E2, when due: every shipment that is worth anything is booked."""
    booked = table.once(booked_shipments)
    for message in table.told(OrderShipped.TYPE):
        shipment_id, gross_fen = message.data["shipment_id"], message.data["shipped_gross_fen"]
        if gross_fen and shipment_id not in booked and message.time < due:
            yield Finding("shipment-unbooked", shipment_id, f"{gross_fen} fen are not in the ledger")


# ---- totals ----


def accounts_are_sums(table: Snapshot) -> Iterator[Finding]:
    """G5: each account's balance is the sum of the dealer's journals, and so is their number."""
    ledgers, journals = table.by_partition(LedgerItem), table.by_partition(JournalItem)
    for dealer_id in sorted(ledgers.keys() | journals.keys()):
        ledger = next(iter(ledgers.get(dealer_id, [])), None)
        booked: Counter[str] = Counter()
        for journal in journals.get(dealer_id, []):
            booked.update(journal.amounts)
        for account in Account:
            stored = ledger.total_of(account) if ledger else 0
            if stored != booked[account.value]:
                detail = f"{account} {stored}, its journals say {booked[account.value]}"
                yield Finding("ledger-total", dealer_id, detail)
        counted, there = ledger.journal_count if ledger else 0, len(journals.get(dealer_id, []))
        if counted != there:
            yield Finding("ledger-total", dealer_id, f"counts {counted} journals, there are {there}")


def entries_are_journals(table: Snapshot) -> Iterator[Finding]:
    """G5: one statement line per journal, by as much as the journal changes what is owed."""
    owed = {journal_id(journal): _owed_fen(journal) for journal in table.all(JournalItem)}
    stated: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for entry in table.all(LedgerEntryItem):
        stated[entry.journal_id] += entry.debit_fen - entry.credit_fen
        lines[entry.journal_id] += 1
    for number in sorted(owed.keys() | lines.keys()):
        if owed.get(number) != stated.get(number):
            detail = f"journal {owed.get(number)} fen, statement line {stated.get(number)}"
            yield Finding("entry-amount", number, detail)
        elif lines[number] > 1:
            yield Finding("entry-twice", number, f"{lines[number]} lines")


def days_are_sums(table: Snapshot) -> Iterator[Finding]:
    """G5: totals by day and due day are the sums of their lines."""
    sums: dict[tuple[str, str, str], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for entry in table.all(LedgerEntryItem):
        key = entry.pk, entry.posted_on, entry.due_on or "-"
        debit, credit, lines = sums[key]
        sums[key] = debit + entry.debit_fen, credit + entry.credit_fen, lines + 1
    stored: Mapping[tuple[str, str, str], tuple[int, int, int]] = {
        (day.pk, *_day_and_due(day)): (day.debit_fen, day.credit_fen, day.line_count)
        for day in table.all(DayTotalsItem)
    }
    for key in sorted(sums.keys() | stored.keys()):
        if sums.get(key) != stored.get(key):
            yield Finding("day-total", f"{key[0]} {key[1]}", f"{stored.get(key)}, its lines say {sums.get(key)}")


# ---- statements ----


def statements_hold_their_lines(table: Snapshot) -> Iterator[Finding]:
    """G4: each statement holds its period's lines and opens where the one before closed."""
    entries = table.by_partition(LedgerEntryItem)
    for dealer_id, statements in sorted(table.once(_statements).items()):
        opening = 0
        for statement in statements:
            lines = [entry for entry in entries.get(dealer_id, []) if entry.posted_on.startswith(statement.period)]
            expected = opening, sum(line.debit_fen for line in lines), sum(line.credit_fen for line in lines)
            stored = statement.opening_fen, statement.debit_fen, statement.credit_fen
            if stored != expected or statement.line_count != len(lines):
                detail = f"opening, debit, credit {stored}, its lines say {expected}"
                yield Finding("statement", f"{dealer_id} {statement.period}", detail)
            opening = statement.amounts.closing_fen


def periods_follow_each_other(table: Snapshot) -> Iterator[Finding]:
    """G4: a dealer's statements tile time without gap, up to the period its ledger is closed through."""
    statements = table.once(_statements)
    closed = {ledger.pk.partition("#")[2]: ledger for ledger in table.all(LedgerItem) if ledger.closed_through}
    for dealer_id in sorted(statements.keys() | closed.keys()):
        issued, ledger = statements.get(dealer_id, []), closed.get(dealer_id)
        periods = [statement.period for statement in issued]
        if any(next_period(one) != following for one, following in pairwise(periods)):
            yield Finding("statement-gap", dealer_id, f"{periods}")
        last = (periods[-1], issued[-1].amounts.closing_fen) if issued else None
        stored = (ledger.closed_through, ledger.closing_fen) if ledger else None
        if last != stored:
            yield Finding(
                "statement-closing", dealer_id, f"ledger closed with {stored}, its last statement says {last}"
            )


def statements_are_told(table: Snapshot) -> Iterator[Finding]:
    """G4, E1: every statement has one event, which tells its opening and closing."""
    told = {
        message.data["statement_id"]: (message.data["opening_fen"], message.data["closing_fen"])
        for message in table.told(StatementIssued.TYPE)
    }
    issued = {item.statement_id: (item.opening_fen, item.amounts.closing_fen) for item in table.all(StatementItem)}
    for statement_id in sorted(told.keys() | issued.keys()):
        if told.get(statement_id) != issued.get(statement_id):
            detail = f"opening and closing {issued.get(statement_id)}, its event says {told.get(statement_id)}"
            yield Finding("statement-told", statement_id, detail)


def ageing_explains_what_is_owed(table: Snapshot) -> Iterator[Finding]:
    """G4: what is overdue and what is not add up to what is owed at the end of the period."""
    for statement in table.all(StatementItem):
        aged, closing = sum(statement.amounts.ageing.values()), statement.amounts.closing_fen
        if aged != max(closing, 0):
            yield Finding("statement-ageing", statement.statement_id, f"aged {aged} fen, owed {closing}")


#: What one ledger says of itself.
BOOKS = (
    journals_balance,
    debits_are_credits,
    reversals_mirror,
    documents_are_booked_once,
    money_is_booked_once,
    accounts_are_sums,
    entries_are_journals,
    days_are_sums,
    statements_hold_their_lines,
    periods_follow_each_other,
    ageing_explains_what_is_owed,
)
ALWAYS = (*BOOKS, journals_are_told, shipment_journals_are_founded, statements_are_told)
WHEN_DUE = (shipments_get_booked,)


# ---- small words ----


def journal_id(item: JournalItem) -> str:
    """The id of a journal, from where it stands."""
    return f"{item.pk.partition('#')[2]}.{item.sk.removeprefix('JOURNAL#')}"


def _owed_fen(item: JournalItem) -> int:
    # Not by `JournalItem.journal`, which refuses to read what does not balance.
    return int(item.amounts.get(Account.RECEIVABLE.value, 0))


def booked_shipments(table: Snapshot) -> dict[str, JournalItem]:
    """What was booked as shipped, by shipment."""
    return {item.document_id: item for item in table.all(JournalItem) if item.document_kind == DocumentKind.SHIPMENT}


def _amounts_of(shipped: OrderShipped) -> dict[str, int]:
    gross_fen, tax_fen = shipped.shipped_gross_fen, shipped.shipped_tax_fen
    amounts = {Account.RECEIVABLE: gross_fen, Account.SALES: tax_fen - gross_fen, Account.OUTPUT_TAX: -tax_fen}
    return {account.value: fen for account, fen in amounts.items() if fen}


def _day_and_due(day: DayTotalsItem) -> tuple[str, str]:
    _, posted_on, due_on = day.sk.split("#")
    return posted_on, due_on


def _statements(table: Snapshot) -> dict[str, list[StatementItem]]:
    found = table.by_partition(StatementItem)
    return {dealer_id: sorted(items, key=lambda item: str(item.period)) for dealer_id, items in found.items()}
