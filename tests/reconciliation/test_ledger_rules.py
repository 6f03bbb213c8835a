"""Tests of the ledger rules: journals, posting days and periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.ledger.entries import LedgerEntry
from services.reconciliation.ledger.rules import (
    Account,
    DocumentKind,
    UnbalancedJournal,
    payment_day_problem,
    payment_journal,
    posting_day,
    reversal_of,
    shipment_journal,
)
from services.reconciliation.periods import first_day, last_day, next_period, period_of, previous_period
from services.reconciliation.statements.rules import period_to_issue
from tests.reconciliation.sample_documents import day, journal_of, order_shipped

# ---- journals ----


def test_shipment_journal_debits_receivable_and_credits_sales_and_tax() -> None:
    journal = journal_of(order_shipped(29997, 3451))
    assert journal.amounts == {Account.RECEIVABLE: 29997, Account.SALES: -26546, Account.OUTPUT_TAX: -3451}
    assert journal.journal_id == "D0001.shipment.D0001-000001-S01"
    assert (journal.document_date, journal.due_on) == (day(5), day(5, 12))


def test_shipment_day_is_the_day_in_shanghai() -> None:
    assert journal_of(order_shipped(shipped_at="2026-10-31T15:59:59.999Z")).document_date == day(31, 10)
    assert journal_of(order_shipped(shipped_at="2026-10-31T16:00:00.000Z")).document_date == day(1)


def test_free_shipment_has_no_journal() -> None:
    assert shipment_journal(order_shipped(0, 0)) is None


def test_untaxed_shipment_has_no_tax_entry() -> None:
    assert Account.OUTPUT_TAX not in journal_of(order_shipped(100, 0)).amounts


def test_shipment_is_refused_when_net_and_tax_differ_from_gross() -> None:
    with pytest.raises(UnbalancedJournal):
        shipment_journal(order_shipped(shipped_net_fen=9999))


def test_reversal_mirrors_its_journal_and_is_unique() -> None:
    journal = journal_of(order_shipped())
    reversal = reversal_of(journal, day(9), "发错")
    assert reversal.amounts == {account: -fen for account, fen in journal.amounts.items()}
    assert (reversal.reverses, reversal.due_on, reversal.reference) == (journal.journal_id, journal.due_on, "发错")
    assert reversal.journal_id == reversal_of(journal, day(10), "又").journal_id


@given(st.integers(1, 10**11), st.integers(0, 10**11))
def test_journal_and_its_reversal_balance(gross: int, tax: int) -> None:
    for journal in (
        journal_of(order_shipped(gross, min(tax, gross))),
        payment_journal("D0001", "pay_1", gross, day(1), "X"),
    ):
        reversal = reversal_of(journal, day(9), "错")
        assert sum(journal.amounts.values()) == sum(reversal.amounts.values()) == 0
        assert journal.owed_fen + reversal.owed_fen == 0
        assert all(isinstance(fen, int) and fen for fen in journal.amounts.values())


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_partial_shipments_add_up_to_the_whole_shipment(parts: list[int]) -> None:
    whole = journal_of(order_shipped(sum(parts), 0))
    part_journals = [journal_of(order_shipped(part, 0, shipment_id=f"S{number}")) for number, part in enumerate(parts)]
    for account in whole.amounts:
        assert sum(part.amounts[account] for part in part_journals) == whole.amounts[account]


def test_ledger_entry_is_debit_or_credit() -> None:
    journal = journal_of(order_shipped())
    entry = LedgerEntry.of(journal, day(5))
    assert (entry.debit_fen, entry.credit_fen, entry.kind) == (11300, 0, DocumentKind.SHIPMENT)
    assert LedgerEntry.of(reversal_of(journal, day(6), "错"), day(6)).credit_fen == 11300


# ---- periods ----


@given(st.dates(date(2000, 1, 1), date(2099, 12, 30)))
def test_periods_have_no_gap_and_no_overlap(some_day: date) -> None:
    period = period_of(some_day)
    assert first_day(period) <= some_day <= last_day(period)
    assert last_day(period) + timedelta(days=1) == first_day(next_period(period))
    assert next_period(previous_period(some_day)) == period


def test_posting_day_is_the_document_day_while_its_period_is_open() -> None:
    assert posting_day(day(5), None) == day(5)
    assert posting_day(day(5), "2026-10") == day(5)


def test_posting_day_is_the_first_open_day_for_late_documents() -> None:
    assert posting_day(day(30, 9), "2026-10") == day(1)
    assert posting_day(day(31, 10), "2026-10") == day(1)


def test_period_to_issue_leaves_out_no_period() -> None:
    assert period_to_issue(None, day(5, 9), "2026-11") == "2026-09"
    assert period_to_issue("2026-09", None, "2026-11") == "2026-10"
    assert period_to_issue("2026-11", None, "2026-11") is None
    assert period_to_issue(None, day(5, 12), "2026-11") is None
    assert period_to_issue("2025-12", None, "2026-01") == "2026-01"


def test_payment_day_must_be_within_the_past_year() -> None:
    today = day(5)
    assert payment_day_problem(today, today) is None
    assert payment_day_problem(date(2025, 11, 4), today) is None
    for impossible in (day(6), date(2025, 11, 3), date.min, date.max):
        problem = payment_day_problem(impossible, today)
        assert problem is not None
        assert problem.field == "received_on"
