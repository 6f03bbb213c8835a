"""Tests of the statement rules: ageing, and statements over random histories of documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.ledger.entries import DayTotals, LedgerEntry
from services.reconciliation.ledger.rules import Journal, payment_journal, posting_day, reversal_of
from services.reconciliation.periods import first_day, last_day, period_of
from services.reconciliation.statements.rules import (
    AgeingBand,
    UnexplainedBalance,
    ageing_band_of,
    ageing_of,
    statement_amounts,
)
from tests.reconciliation.sample_documents import day, journal_of, order_shipped


def day_totals(on: date, due: date | None = None, debit: int = 0, credit: int = 0) -> DayTotals:
    return DayTotals(on, due, debit, credit, 1)


# ---- ageing ----


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (-30, AgeingBand.NOT_DUE),
        (0, AgeingBand.NOT_DUE),
        (1, AgeingBand.DAYS_1_30),
        (30, AgeingBand.DAYS_1_30),
        (31, AgeingBand.DAYS_31_60),
        (60, AgeingBand.DAYS_31_60),
        (61, AgeingBand.DAYS_61_90),
        (90, AgeingBand.DAYS_61_90),
        (91, AgeingBand.OVER_90),
        (9999, AgeingBand.OVER_90),
    ],
)
def test_ageing_band_follows_the_days_overdue(days: int, band: AgeingBand) -> None:
    assert ageing_band_of(days) is band


def test_payment_settles_the_oldest_shipment_first() -> None:
    days = [
        day_totals(day(5), credit=150),
        day_totals(day(2), day(2, 12), debit=100),
        day_totals(day(1), day(1, 10), debit=100),
    ]
    assert ageing_of(50, days, day(5)) == dict.fromkeys(AgeingBand, 0) | {AgeingBand.NOT_DUE: 50}


def test_ageing_reads_no_more_days_than_needed() -> None:
    def days() -> Iterable[DayTotals]:
        yield day_totals(day(2), day(2, 12), debit=100)
        raise AssertionError("more days were read than needed")

    assert ageing_of(100, days(), day(5))[AgeingBand.NOT_DUE] == 100


def test_ageing_is_zero_for_a_dealer_that_paid_in_advance() -> None:
    assert not any(ageing_of(-5, [day_totals(day(1), credit=5)], day(5)).values())


def test_ageing_ignores_a_reversed_shipment() -> None:
    wrong_due, old_due = day(2, 12), day(1, 9)
    days = [
        day_totals(day(4), wrong_due, credit=100),
        day_totals(day(2), wrong_due, debit=100),
        day_totals(day(1, 8), old_due, debit=70),
    ]
    assert ageing_of(70, days, day(5)) == dict.fromkeys(AgeingBand, 0) | {AgeingBand.DAYS_61_90: 70}


def test_reversed_payment_does_not_change_the_age_of_the_debt() -> None:
    days = [day_totals(day(4), debit=70), day_totals(day(3), credit=70), day_totals(day(1, 8), day(1, 9), debit=70)]
    assert ageing_of(70, days, day(5))[AgeingBand.DAYS_61_90] == 70


def test_ageing_raises_an_error_when_shipments_do_not_explain_the_balance() -> None:
    with pytest.raises(UnexplainedBalance):
        ageing_of(71, [day_totals(day(1), day(1, 12), debit=70)], day(5))


# ---- random histories ----


_START = date(2026, 1, 1)


@st.composite
def _documents(draw: st.DrawFn) -> list[tuple[Journal, date]]:
    """Shipments, payments and reversals of some of them, each with its document day."""
    journals: list[Journal] = []
    for number in range(draw(st.integers(1, 25))):
        on = _START + timedelta(days=draw(st.integers(0, 150)))
        amount = draw(st.integers(1, 10**6))
        if draw(st.booleans()):
            at = f"{on}T02:00:00.000Z"
            days = draw(st.sampled_from([0, 30, 60]))
            tax = draw(st.integers(0, amount))
            event = order_shipped(amount, tax, shipment_id=f"S{number}", shipped_at=at, payment_days=days)
            journals.append(journal_of(event))
        else:
            journals.append(payment_journal("D0001", f"pay_{number}", amount, on, "X"))
    for journal in [*journals]:
        if draw(st.integers(0, 3)) == 0:
            later = journal.document_date + timedelta(days=draw(st.integers(0, 60)))
            journals.append(reversal_of(journal, later, "错"))
    return [(journal, journal.document_date) for journal in journals]


def _totals(entries: Iterable[LedgerEntry]) -> list[DayTotals]:
    """Totals by day and due day, latest first, as the table stores them."""
    summed: dict[tuple[date, date | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry in entries:
        sums = summed[entry.posted_on, entry.due_on]
        sums[0] += entry.debit_fen
        sums[1] += entry.credit_fen
        sums[2] += 1
    ordered = sorted(summed.items(), key=lambda pair: (pair[0][0], str(pair[0][1])), reverse=True)
    return [DayTotals(on, due, *sums) for (on, due), sums in ordered]


@given(_documents(), st.randoms())
def test_statements_chain_and_contain_each_entry_once_in_any_order(
    documents: list[tuple[Journal, date]], random: Any
) -> None:
    arrived = [*documents]
    random.shuffle(arrived)
    entries = [LedgerEntry.of(journal, posting_day(on, None)) for journal, on in arrived]
    days = _totals(entries)
    opening, line_count = 0, 0
    for period in ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08"):
        within = [totals for totals in days if period_of(totals.day) == period]
        older = [totals for totals in days if period_of(totals.day) < period]
        amounts = statement_amounts(opening, within, older, last_day(period))
        assert amounts.closing_fen == amounts.opening_fen + amounts.debit_fen - amounts.credit_fen
        assert sum(amounts.ageing.values()) == max(amounts.closing_fen, 0)
        assert all(fen >= 0 for fen in amounts.ageing.values())
        opening, line_count = amounts.closing_fen, line_count + amounts.line_count
    assert line_count == len(documents)
    assert opening == sum(journal.owed_fen for journal, _ in documents)


@given(_documents(), st.randoms(), st.integers(0, 25))
def test_late_documents_do_not_change_closed_periods(
    documents: list[tuple[Journal, date]], random: Any, in_time: int
) -> None:
    # A reversal never comes before its journal.
    arrived = sorted(documents, key=lambda pair: (pair[0].reverses is not None, random.random()))
    first = [LedgerEntry.of(journal, posting_day(on, None)) for journal, on in arrived[:in_time]]
    late = [LedgerEntry.of(journal, posting_day(on, "2026-03")) for journal, on in arrived[in_time:]]
    before = [totals for totals in _totals(first) if period_of(totals.day) <= "2026-03"]
    after = [totals for totals in _totals([*first, *late]) if period_of(totals.day) <= "2026-03"]
    assert before == after
    assert all(entry.posted_on >= first_day("2026-04") for entry in late)
    assert sum(entry.change_fen for entry in [*first, *late]) == sum(journal.owed_fen for journal, _ in documents)
