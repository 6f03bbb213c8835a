"""Read ledgers, journals, movements and totals by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any

from contracts.dealers import DEALERS, DealerItem
from kernel.base.problems import NotFound
from kernel.store.read import Page, fetch, fetch_one, query_page
from services.reconciliation.ledger.balances import DayTotals
from services.reconciliation.ledger.items import (
    DayItem,
    EntryItem,
    JournalItem,
    LedgerItem,
    journal_key,
    ledger_key,
    ledger_pk,
)
from services.reconciliation.ledger.rules import DocumentKind

#: Days of totals read at a time when looking back for what is unpaid: about two months of trade.
_DAYS_AT_A_TIME = 50


def load_ledger(dealer_id: str) -> LedgerItem | None:
    """A dealer's accounts; None if nothing was ever booked."""
    return fetch_one(LedgerItem, ledger_key(dealer_id))


def load_journal(journal_id: str) -> tuple[JournalItem, bool]:
    """A journal, and whether it has been reversed.

    Raises:
        NotFound: there is none.
    """
    pk, sk = journal_key(journal_id)
    reversal = pk, f"JOURNAL#{DocumentKind.REVERSAL}.{sk.removeprefix('JOURNAL#')}"
    found = fetch([(pk, sk), reversal])
    journal = found.get((pk, sk))
    if not isinstance(journal, JournalItem):
        raise NotFound
    return journal, reversal in found


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
