"""How the ledger lies in the shared table. Its items are written once and never changed, but for P1, P4 and P8.

P1  a dealer's accounts, and what is closed      pk: LEDGER#<dealer>       sk: ACCOUNTS
P2  what a document booked, once                 pk: LEDGER#<dealer>       sk: JOURNAL#<kind>.<document>
P3  a dealer's movements from day to day         pk: LEDGER#<dealer>       sk: ENTRY#<day>#<rank of kind>#<journal>
P4  their totals by day and due day              pk: LEDGER#<dealer>       sk: DAY#<day>#<due day or ->
P5  money of one bank reference, once for ever   pk: LEDGER#BANK#<bank>    sk: <reference>
P6  what was said of a ledger (kernel.messaging.outbox)    pk: LEDGER#<dealer>       sk: EVENT#<document>#<sequence>
P7  a dealer's statements, newest first          pk: STATEMENT#<dealer>    sk: PERIOD#<period>
P8  how far the statements of a period are       pk: STATEMENT#RUN#<period>  sk: RUN
Dealers: contracts/dealers.py, read only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.dealers import DEALERS, DealerItem
from kernel.base.problems import NotFound
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.table import Page, Transaction, fetch, fetch_one, query_page
from kernel.time import clock
from services.reconciliation.domain import (
    Account,
    AgeingBand,
    DayTotals,
    Journal,
    Kind,
    Movement,
    Totals,
    first_day,
    next_period,
    period_of,
)

_PERIOD = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"
_STATEMENT_ID = re.compile(rf"([A-Z0-9]{{2,16}})-({_PERIOD})")
_JOURNAL_ID = re.compile(r"([A-Z0-9]{2,16})\.([!-~]{1,200})")

#: Days of totals read at a time when looking back for what is unpaid: about two months of trade.
_DAYS_AT_A_TIME = 50


class LedgerItem(Item, discriminator="ledger"):
    """A dealer's accounts: debits less credits of each since ever, in fen, so the four always add up to zero.

    `journals`: how many were booked; it grows with every change, so it tells whether anything changed.
    `closed_through`: the last period with a statement, into which and before which nothing is booked any more;
    `closing_fen`: what was owed at its end.
    """

    receivable_fen = IntegerAttribute(default=0)
    bank_fen = IntegerAttribute(default=0)
    sales_fen = IntegerAttribute(default=0)
    output_tax_fen = IntegerAttribute(default=0)
    journals = IntegerAttribute(default=0)
    closed_through = UnicodeAttribute(null=True)
    closing_fen = IntegerAttribute(default=0)

    def total_of(self, account: Account) -> int:
        """Debits less credits of an account."""
        return int(getattr(self, f"{account}_fen"))


class JournalItem(Item, discriminator="journal"):
    """A booked document: the journal (domain.Journal), on which day, when and by whom. `amounts`: {account: fen}."""

    dealer_id = UnicodeAttribute()
    document_kind = UnicodeAttribute()
    document_id = UnicodeAttribute()
    document_date = UnicodeAttribute()
    amounts: JSONAttribute = JSONAttribute()
    reference = UnicodeAttribute()
    due_on = UnicodeAttribute(null=True)
    reverses = UnicodeAttribute(null=True)
    posted_on = UnicodeAttribute()
    posted_at = UnicodeAttribute()
    posted_by = UnicodeAttribute()

    @property
    def journal(self) -> Journal:
        """The journal as booked."""
        return Journal(
            dealer_id=self.dealer_id,
            kind=Kind(self.document_kind),
            document_id=self.document_id,
            document_date=date.fromisoformat(self.document_date),
            amounts={Account(account): int(fen) for account, fen in self.amounts.items()},
            reference=self.reference,
            due_on=_day_or_none(self.due_on),
            reverses=self.reverses,
        )


class EntryItem(Item, discriminator="ledger_entry"):
    """One line of a dealer's statements."""

    journal_id = UnicodeAttribute()
    document_kind = UnicodeAttribute()
    document_id = UnicodeAttribute()
    document_date = UnicodeAttribute()
    posted_on = UnicodeAttribute()
    reference = UnicodeAttribute()
    due_on = UnicodeAttribute(null=True)
    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()

    @property
    def movement(self) -> Movement:
        """The line."""
        return Movement(
            posted_on=date.fromisoformat(self.posted_on),
            journal_id=self.journal_id,
            kind=Kind(self.document_kind),
            document_id=self.document_id,
            document_date=date.fromisoformat(self.document_date),
            reference=self.reference,
            due_on=_day_or_none(self.due_on),
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
        )


class DayItem(Item, discriminator="ledger_day"):
    """Totals of a dealer's movements of one day and due day: what statements open with, and what is overdue."""

    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()
    line_count = IntegerAttribute()

    @property
    def totals(self) -> DayTotals:
        """The totals; both days stand in the key."""
        _, day, due_on = self.sk.split("#")
        return DayTotals(
            day=date.fromisoformat(day),
            due_on=None if due_on == _NOT_DUE else date.fromisoformat(due_on),
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
            line_count=self.line_count,
        )


class BankReferenceItem(Item, discriminator="bank_reference"):
    """That money with this reference was booked, and as which receipt."""

    payment_id = UnicodeAttribute()


class StatementItem(Item, discriminator="statement"):
    """An issued statement: totals in fen and ageing ({band: fen}) as they were; its lines are P3 of its period."""

    dealer_id = UnicodeAttribute()
    period = UnicodeAttribute()
    opening_fen = IntegerAttribute()
    debit_fen = IntegerAttribute()
    credit_fen = IntegerAttribute()
    line_count = IntegerAttribute()
    ageing: JSONAttribute = JSONAttribute()
    issued_at = UnicodeAttribute()

    @property
    def statement_id(self) -> str:
        """`D0001-2026-11`."""
        return f"{self.dealer_id}-{self.period}"

    @property
    def totals(self) -> Totals:
        """The totals as issued."""
        return Totals(
            opening_fen=self.opening_fen,
            debit_fen=self.debit_fen,
            credit_fen=self.credit_fen,
            line_count=self.line_count,
            ageing={AgeingBand(band): int(fen) for band, fen in self.ageing.items()},
        )


class StatementRunItem(Item, discriminator="statement_run"):
    """How far the statements of a period are asked for.

    `state`: requesting | requested; `round`: how often the period was run; `said`: events of all rounds so far, which
    also numbers them; `requested`: statements asked for in this round; `after`: where in the list of dealers to go on;
    `version` grows with every write.
    """

    period = UnicodeAttribute()
    state = UnicodeAttribute()
    round = IntegerAttribute()
    said = IntegerAttribute()
    requested = IntegerAttribute()
    after: JSONAttribute = JSONAttribute(null=True)
    version = IntegerAttribute()
    started_at = UnicodeAttribute()
    started_by = UnicodeAttribute()


_NOT_DUE = "-"


def ledger_pk(dealer_id: str) -> str:
    """The partition of a dealer's ledger."""
    return f"LEDGER#{dealer_id}"


def ledger_key(dealer_id: str) -> Key:
    """P1"""
    return ledger_pk(dealer_id), "ACCOUNTS"


def statement_pk(dealer_id: str) -> str:
    """The partition of a dealer's statements."""
    return f"STATEMENT#{dealer_id}"


def statement_key(dealer_id: str, period: str) -> Key:
    """P7"""
    return statement_pk(dealer_id), f"PERIOD#{period}"


def run_key(period: str) -> Key:
    """P8"""
    return f"STATEMENT#RUN#{period}", "RUN"


def bank_reference_key(bank: str, reference: str) -> Key:
    """P5; spaces and case do not make another reference."""
    return f"LEDGER#BANK#{bank}", "".join(reference.split()).upper()


def journal_key(journal_id: str) -> Key:
    """P2

    Raises:
        NotFound: no journal can have such an id.
    """
    found = _JOURNAL_ID.fullmatch(journal_id)
    if found is None:
        raise NotFound
    return ledger_pk(found[1]), f"JOURNAL#{found[2]}"


def parse_statement_id(statement_id: str) -> tuple[str, str]:
    """Dealer and period.

    Raises:
        NotFound: no statement can have such an id.
    """
    found = _STATEMENT_ID.fullmatch(statement_id)
    if found is None:
        raise NotFound
    return found[1], found[2]


def load_ledger(dealer_id: str) -> LedgerItem | None:
    """A dealer's accounts; None if nothing was ever booked."""
    return fetch_one(LedgerItem, ledger_key(dealer_id))


def load_journal(journal_id: str) -> tuple[JournalItem, bool]:
    """A journal, and whether it has been reversed.

    Raises:
        NotFound: there is none.
    """
    pk, sk = journal_key(journal_id)
    reversal = pk, f"JOURNAL#{Kind.REVERSAL}.{sk.removeprefix('JOURNAL#')}"
    found = fetch([(pk, sk), reversal])
    journal = found.get((pk, sk))
    if not isinstance(journal, JournalItem):
        raise NotFound
    return journal, reversal in found


def book(transaction: Transaction, journal: Journal, *, posted_on: date, posted_by: str) -> JournalItem:
    """Let the transaction book a journal: at most once, on that day, and only if the day's period is still open.

    Refusals stand under the labels `journal` (booked before) and `ledger` (the period is closed).
    """
    pk = ledger_pk(journal.dealer_id)
    movement = Movement.of(journal, posted_on)
    booked = _journal_item(journal, posted_on, posted_by)
    transaction.create(booked, "journal")
    transaction.create(_entry_item(pk, movement), "entry")
    transaction.update(
        DayItem,
        (pk, f"DAY#{posted_on}#{movement.due_on or _NOT_DUE}"),
        [
            DayItem.debit_fen.add(movement.debit_fen),
            DayItem.credit_fen.add(movement.credit_fen),
            DayItem.line_count.add(1),
        ],
        None,
        "day",
    )
    amounts = [getattr(LedgerItem, f"{account}_fen").add(fen) for account, fen in journal.amounts.items()]
    still_open = LedgerItem.closed_through.does_not_exist() | (LedgerItem.closed_through < period_of(posted_on))
    transaction.update(
        LedgerItem,
        ledger_key(journal.dealer_id),
        [*amounts, LedgerItem.journals.add(1)],
        still_open,
        "ledger",
    )
    return booked


def close(transaction: Transaction, ledger: LedgerItem, statement: StatementItem, closing_fen: int) -> None:
    """Let the transaction issue a statement and close its period, if nothing was booked since `ledger` was read."""
    transaction.create(statement, "statement")
    transaction.update(
        LedgerItem,
        (ledger.pk, ledger.sk),
        [LedgerItem.closed_through.set(statement.period), LedgerItem.closing_fen.set(closing_fen)],
        (LedgerItem.journals == ledger.journals)
        & (
            (LedgerItem.closed_through == ledger.closed_through)
            if ledger.closed_through
            else LedgerItem.closed_through.does_not_exist()
        ),
        "ledger",
    )


class Start(NamedTuple):
    """A day before which everything is summed up already: `opening_fen` was owed when it began."""

    day: date
    opening_fen: int


def start_for(dealer_id: str, ledger: LedgerItem | None, day: date) -> Start:
    """The latest known start not after `day`; from there on few totals remain to be added, however long the history."""
    if ledger is None or ledger.closed_through is None:
        return Start(date.min, 0)
    if period_of(day) > ledger.closed_through:
        return Start(first_day(next_period(ledger.closed_through)), ledger.closing_fen)
    # In a closed period without a statement lies nothing: the first statement is that of the first movement.
    issued = fetch_one(StatementItem, statement_key(dealer_id, period_of(day)))
    return Start(first_day(period_of(day)), issued.opening_fen if issued else 0)


def first_movement(dealer_id: str) -> date | None:
    """The day of a dealer's first movement; a ledger has one."""
    page = query_page(DayItem, ledger_pk(dealer_id), sk=DayItem.sk.startswith("DAY#"), limit=1, consistent=True)
    return page.items[0].totals.day if page.items else None


def days_back(dealer_id: str, until: date) -> Iterator[DayTotals]:
    """Totals of the days up to and including `until`, latest first, read only as far as they are looked at."""
    start: dict[str, Any] | None = None
    while True:
        page = query_page(
            DayItem,
            ledger_pk(dealer_id),
            sk=DayItem.sk.between("DAY#", f"DAY#{until}#~"),
            limit=_DAYS_AT_A_TIME,
            start=start,
            newest_first=True,
            consistent=True,
        )
        yield from (item.totals for item in page.items)
        start = page.next_key
        if start is None:
            return


def days_of(dealer_id: str, first: date, last: date) -> tuple[list[DayTotals], Iterator[DayTotals]]:
    """Totals of the days from first to last, latest first; and of those before, read only as far as looked at."""
    back = days_back(dealer_id, last)
    days: list[DayTotals] = []
    for totals in back:
        if totals.day < first:
            return days, chain([totals], back)
        days.append(totals)
    return days, iter(())


def movements(dealer_id: str, first: date, last: date, *, limit: int, start: dict[str, Any] | None) -> Page:
    """One page of a dealer's movements from day to day, both inclusive, oldest first: EntryItem."""
    between = EntryItem.sk.between(f"ENTRY#{first}#", f"ENTRY#{last}#~")
    return query_page(EntryItem, ledger_pk(dealer_id), sk=between, limit=limit, start=start, consistent=True)


def dealers_after(after: dict[str, Any] | None, limit: int) -> Page:
    """One page of all dealers: DealerItem."""
    return query_page(DealerItem, DEALERS, on_index=True, limit=limit, start=after)


def every_dealer(at_a_time: int) -> Iterator[list[str]]:
    """The ids of all dealers, so many at a time."""
    after: dict[str, Any] | None = None
    while True:
        page = dealers_after(after, at_a_time)
        yield [dealer.dealer_id for dealer in page.items]
        after = page.next_key
        if after is None:
            return


def load_ledgers(dealer_ids: list[str]) -> dict[str, LedgerItem]:
    """The accounts of those of these dealers that have any, by dealer."""
    found = fetch(ledger_key(dealer_id) for dealer_id in dealer_ids)
    ledgers = {dealer_id: found.get(ledger_key(dealer_id)) for dealer_id in dealer_ids}
    return {dealer_id: ledger for dealer_id, ledger in ledgers.items() if isinstance(ledger, LedgerItem)}


def _journal_item(journal: Journal, posted_on: date, posted_by: str) -> JournalItem:
    return JournalItem(
        *journal_key(journal.journal_id),
        dealer_id=journal.dealer_id,
        document_kind=journal.kind.value,
        document_id=journal.document_id,
        document_date=journal.document_date.isoformat(),
        amounts={account.value: fen for account, fen in journal.amounts.items()},
        reference=journal.reference,
        due_on=journal.due_on.isoformat() if journal.due_on else None,
        reverses=journal.reverses,
        posted_on=posted_on.isoformat(),
        posted_at=clock.stamp(),
        posted_by=posted_by,
    )


def _entry_item(pk: str, movement: Movement) -> EntryItem:
    return EntryItem(
        pk,
        f"ENTRY#{movement.posted_on}#{movement.kind.rank}#{movement.journal_id}",
        journal_id=movement.journal_id,
        document_kind=movement.kind.value,
        document_id=movement.document_id,
        document_date=movement.document_date.isoformat(),
        posted_on=movement.posted_on.isoformat(),
        reference=movement.reference,
        due_on=movement.due_on.isoformat() if movement.due_on else None,
        debit_fen=movement.debit_fen,
        credit_fen=movement.credit_fen,
    )


def _day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
