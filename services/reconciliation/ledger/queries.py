"""Queries of ledgers, journals, entries and totals by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any

from contracts.dealers import DEALERS, DealerItem
from kernel.base.problems import NotFound
from kernel.store.read import Page, fetch, fetch_one, query_all, query_page
from services.reconciliation.ledger.entries import DayTotals
from services.reconciliation.ledger.items import (
    DayTotalsItem,
    JournalItem,
    LedgerEntryItem,
    LedgerItem,
    journal_key,
    ledger_key,
    ledger_pk,
)
from services.reconciliation.ledger.rules import reversal_id, split_journal_id

#: Totals read at a time by the search for unpaid shipments: about two months of trade.
_DAYS_PER_READ = 50


def load_account_balances(dealer_id: str) -> LedgerItem | None:
    """Return a dealer's accounts; None if it has no journal."""
    return fetch_one(LedgerItem, ledger_key(dealer_id))


def load_journal(journal_id: str) -> tuple[JournalItem, bool]:
    """Return a journal, and True if it has been reversed.

    Raises:
        NotFound: there is no such journal.
    """
    pk, sk = journal_key(journal_id)
    _, reversal_document_key = split_journal_id(reversal_id(journal_id))
    reversal_key = pk, f"JOURNAL#{reversal_document_key}"
    found = fetch([(pk, sk), reversal_key])
    journal = found.get((pk, sk))
    if not isinstance(journal, JournalItem):
        raise NotFound
    return journal, reversal_key in found


def first_entry_day(dealer_id: str) -> date | None:
    """Return the day of a dealer's first entry; None if it has none."""
    page = query_page(
        DayTotalsItem, ledger_pk(dealer_id), sk=DayTotalsItem.sk.startswith("DAY#"), limit=1, consistent=True
    )
    return page.items[0].totals.day if page.items else None


def day_totals_until(dealer_id: str, until: date) -> Iterator[DayTotals]:
    """Yield the totals of the days up to and including `until`, latest first; reads only as many as are used."""
    between = DayTotalsItem.sk.between("DAY#", f"DAY#{until}#~")
    items = query_all(DayTotalsItem, ledger_pk(dealer_id), sk=between, page_size=_DAYS_PER_READ, newest_first=True)
    for item in items:
        yield item.totals


def day_totals_between(dealer_id: str, first: date, last: date) -> tuple[list[DayTotals], Iterator[DayTotals]]:
    """Return the totals from `first` to `last`, latest first, and an iterator of the older ones, read as needed."""
    latest_first = day_totals_until(dealer_id, last)
    days: list[DayTotals] = []
    for totals in latest_first:
        if totals.day < first:
            return days, chain([totals], latest_first)
        days.append(totals)
    return days, iter(())


def entry_page(dealer_id: str, first: date, last: date, *, limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of a dealer's entries (`LedgerEntryItem`) from `first` to `last` inclusive, oldest first."""
    between = LedgerEntryItem.sk.between(f"ENTRY#{first}#", f"ENTRY#{last}#~")
    return query_page(LedgerEntryItem, ledger_pk(dealer_id), sk=between, limit=limit, start=start, consistent=True)


def load_dealer_page(start: dict[str, Any] | None, limit: int) -> Page:
    """Return one page of all dealers (`DealerItem`)."""
    return query_page(DealerItem, DEALERS, on_index=True, limit=limit, start=start)


def dealer_id_pages(size: int) -> Iterator[list[str]]:
    """Yield the ids of all dealers, in pages of this size."""
    start: dict[str, Any] | None = None
    while True:
        page = load_dealer_page(start, size)
        yield [dealer.dealer_id for dealer in page.items]
        start = page.next_key
        if start is None:
            return


def load_ledgers_by_dealer(dealer_ids: list[str]) -> dict[str, LedgerItem]:
    """Return the accounts of these dealers by dealer id; dealers without a journal are left out."""
    found = fetch(ledger_key(dealer_id) for dealer_id in dealer_ids)
    ledgers = {dealer_id: found.get(ledger_key(dealer_id)) for dealer_id in dealer_ids}
    return {dealer_id: ledger for dealer_id, ledger in ledgers.items() if isinstance(ledger, LedgerItem)}
