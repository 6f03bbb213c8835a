"""The rules of the ledger by example, and what must hold for any history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.orders import OrderShipped
from services.reconciliation.ledger.balances import DayTotals, Movement
from services.reconciliation.ledger.rules import (
    Account,
    DocumentKind,
    Journal,
    Unbalanced,
    payment_day_problem,
    payment_journal,
    posting_day,
    reversal_of,
    shipment_journal,
)
from services.reconciliation.periods import first_day, last_day, next_period, period_of, previous_period
from services.reconciliation.statements.rules import (
    AgeingBand,
    Unexplained,
    aged,
    ageing_band_of,
    period_to_issue,
    stated,
)


def shipped(gross: int = 11300, tax: int = 1300, **more: Any) -> OrderShipped:
    facts: dict[str, Any] = {
        "order_id": "D0001-000001",
        "dealer_id": "D0001",
        "warehouse": "GZ",
        "state": "closed",
        "line_count": 1,
        "gross_fen": gross,
        "shipment_id": "D0001-000001-S01",
        "shipped_pieces": 1,
        "shipped_gross_fen": gross,
        "shipped_net_fen": gross - tax,
        "shipped_tax_fen": tax,
        "shipped_at": "2026-11-05T02:00:00.000Z",
        "payment_days": 30,
        "carrier": "顺丰",
        "waybill": "SF1",
        "complete": True,
    }
    return OrderShipped.model_validate(facts | {"by": "仓库"} | more)


def journal_of(event: OrderShipped) -> Journal:
    journal = shipment_journal(event)
    assert journal is not None
    return journal


def day(day_of_month: int, month: int = 11) -> date:
    return date(2026, month, day_of_month)


def booked(on: date, due: date | None = None, debit: int = 0, credit: int = 0) -> DayTotals:
    return DayTotals(on, due, debit, credit, 1)


# --- journals -------------------------------------------------------------------------------------------------------


def test_a_shipment_is_receivable_against_sales_and_tax() -> None:
    journal = journal_of(shipped(29997, 3451))
    assert journal.amounts == {Account.RECEIVABLE: 29997, Account.SALES: -26546, Account.OUTPUT_TAX: -3451}
    assert journal.journal_id == "D0001.shipment.D0001-000001-S01"
    assert (journal.document_date, journal.due_on) == (day(5), day(5, 12))


def test_a_shipment_just_before_midnight_utc_is_of_the_next_day_in_shanghai() -> None:
    assert journal_of(shipped(shipped_at="2026-10-31T15:59:59.999Z")).document_date == day(31, 10)
    assert journal_of(shipped(shipped_at="2026-10-31T16:00:00.000Z")).document_date == day(1)


def test_goods_given_away_book_nothing() -> None:
    assert shipment_journal(shipped(0, 0)) is None


def test_an_untaxed_shipment_has_no_tax_entry() -> None:
    assert Account.OUTPUT_TAX not in journal_of(shipped(100, 0)).amounts


def test_a_shipment_whose_net_and_tax_miss_its_gross_is_refused() -> None:
    with pytest.raises(Unbalanced):
        shipment_journal(shipped(shipped_net_fen=9999))


def test_a_reversal_mirrors_its_journal_and_there_can_be_one_only() -> None:
    journal = journal_of(shipped())
    reversal = reversal_of(journal, day(9), "发错")
    assert reversal.amounts == {account: -fen for account, fen in journal.amounts.items()}
    assert (reversal.reverses, reversal.due_on, reversal.reference) == (journal.journal_id, journal.due_on, "发错")
    assert reversal.journal_id == reversal_of(journal, day(10), "又").journal_id


@given(st.integers(1, 10**11), st.integers(0, 10**11))
def test_every_journal_balances_and_so_does_its_reversal(gross: int, tax: int) -> None:
    for journal in (journal_of(shipped(gross, min(tax, gross))), payment_journal("D0001", "pay_1", gross, day(1), "X")):
        reversal = reversal_of(journal, day(9), "错")
        assert sum(journal.amounts.values()) == sum(reversal.amounts.values()) == 0
        assert journal.owed_fen + reversal.owed_fen == 0
        assert all(isinstance(fen, int) and fen for fen in journal.amounts.values())


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_partial_shipments_book_what_the_whole_would(parts: list[int]) -> None:
    whole = journal_of(shipped(sum(parts), 0))
    booked_parts = [journal_of(shipped(part, 0, shipment_id=f"S{at}")) for at, part in enumerate(parts)]
    for account in whole.amounts:
        assert sum(part.amounts[account] for part in booked_parts) == whole.amounts[account]


# --- periods --------------------------------------------------------------------------------------------------------


@given(st.dates(date(2000, 1, 1), date(2099, 12, 30)))
def test_periods_tile_time_without_gap_or_overlap(some_day: date) -> None:
    period = period_of(some_day)
    assert first_day(period) <= some_day <= last_day(period)
    assert last_day(period) + timedelta(days=1) == first_day(next_period(period))
    assert next_period(previous_period(some_day)) == period


def test_a_document_is_booked_on_its_own_day_while_that_is_open() -> None:
    assert posting_day(day(5), None) == day(5)
    assert posting_day(day(5), "2026-10") == day(5)


def test_a_late_document_is_booked_on_the_first_open_day() -> None:
    assert posting_day(day(30, 9), "2026-10") == day(1)
    assert posting_day(day(31, 10), "2026-10") == day(1)


def test_no_statement_is_left_out_on_the_way_to_the_one_wanted() -> None:
    assert period_to_issue(None, day(5, 9), "2026-11") == "2026-09"
    assert period_to_issue("2026-09", None, "2026-11") == "2026-10"
    assert period_to_issue("2026-11", None, "2026-11") is None
    assert period_to_issue(None, day(5, 12), "2026-11") is None
    assert period_to_issue("2025-12", None, "2026-01") == "2026-01"


def test_money_is_of_the_past_year() -> None:
    today = day(5)
    assert payment_day_problem(today, today) is None
    assert payment_day_problem(date(2025, 11, 4), today) is None
    for impossible in (day(6), date(2025, 11, 3), date.min, date.max):
        problem = payment_day_problem(impossible, today)
        assert problem is not None
        assert problem.field == "received_on"


# --- ageing ---------------------------------------------------------------------------------------------------------


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
def test_overdue_starts_at_day_one_and_bands_do_not_overlap(days: int, band: AgeingBand) -> None:
    assert ageing_band_of(days) is band


def test_money_pays_the_oldest_shipment_first() -> None:
    days = [booked(day(5), credit=150), booked(day(2), day(2, 12), debit=100), booked(day(1), day(1, 10), debit=100)]
    assert aged(50, days, day(5)) == dict.fromkeys(AgeingBand, 0) | {AgeingBand.NOT_DUE: 50}


def test_what_is_unpaid_is_looked_for_no_farther_than_needed() -> None:
    def days() -> Iterable[DayTotals]:
        yield booked(day(2), day(2, 12), debit=100)
        raise AssertionError("looked too far")

    assert aged(100, days(), day(5))[AgeingBand.NOT_DUE] == 100


def test_a_dealer_that_paid_in_advance_owes_nothing() -> None:
    assert not any(aged(-5, [booked(day(1), credit=5)], day(5)).values())


def test_a_reversed_shipment_counts_as_never_made() -> None:
    wrong_due, old_due = day(2, 12), day(1, 9)
    days = [
        booked(day(4), wrong_due, credit=100),
        booked(day(2), wrong_due, debit=100),
        booked(day(1, 8), old_due, debit=70),
    ]
    assert aged(70, days, day(5)) == dict.fromkeys(AgeingBand, 0) | {AgeingBand.DAYS_61_90: 70}


def test_a_receipt_taken_back_leaves_the_debt_as_old_as_it_was() -> None:
    days = [booked(day(4), debit=70), booked(day(3), credit=70), booked(day(1, 8), day(1, 9), debit=70)]
    assert aged(70, days, day(5))[AgeingBand.DAYS_61_90] == 70


def test_a_balance_that_no_shipment_explains_is_an_alarm_not_a_band() -> None:
    with pytest.raises(Unexplained):
        aged(71, [booked(day(1), day(1, 12), debit=70)], day(5))


# --- any history ----------------------------------------------------------------------------------------------------

_START = date(2026, 1, 1)


@st.composite
def _documents(draw: st.DrawFn) -> list[tuple[Journal, date]]:
    """Shipments, receipts and reversals of either, each with its document's day, in the order of those days."""
    made: list[Journal] = []
    for number in range(draw(st.integers(1, 25))):
        on = _START + timedelta(days=draw(st.integers(0, 150)))
        amount = draw(st.integers(1, 10**6))
        if draw(st.booleans()):
            at = f"{on}T02:00:00.000Z"
            days = draw(st.sampled_from([0, 30, 60]))
            tax = draw(st.integers(0, amount))
            event = shipped(amount, tax, shipment_id=f"S{number}", shipped_at=at, payment_days=days)
            made.append(journal_of(event))
        else:
            made.append(payment_journal("D0001", f"pay_{number}", amount, on, "X"))
    for journal in [*made]:
        if draw(st.integers(0, 3)) == 0:
            later = journal.document_date + timedelta(days=draw(st.integers(0, 60)))
            made.append(reversal_of(journal, later, "错"))
    return [(journal, journal.document_date) for journal in made]


def _totals(movements: Iterable[Movement]) -> list[DayTotals]:
    """Totals by day and due day, latest first, as the table keeps them."""
    summed: dict[tuple[date, date | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for movement in movements:
        at = summed[movement.posted_on, movement.due_on]
        at[0] += movement.debit_fen
        at[1] += movement.credit_fen
        at[2] += 1
    ordered = sorted(summed.items(), key=lambda one: (one[0][0], str(one[0][1])), reverse=True)
    return [DayTotals(on, due, *figures) for (on, due), figures in ordered]


@given(_documents(), st.randoms())
def test_statements_chain_and_hold_each_movement_once_in_any_order_of_posting(
    documents: list[tuple[Journal, date]], random: Any
) -> None:
    arrived = [*documents]
    random.shuffle(arrived)
    movements = [Movement.of(journal, posting_day(on, None)) for journal, on in arrived]
    days = _totals(movements)
    opening, held = 0, 0
    for period in ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08"):
        within = [one for one in days if period_of(one.day) == period]
        older = [one for one in days if period_of(one.day) < period]
        totals = stated(opening, within, older, last_day(period))
        assert totals.closing_fen == totals.opening_fen + totals.debit_fen - totals.credit_fen
        assert sum(totals.ageing.values()) == max(totals.closing_fen, 0)
        assert all(fen >= 0 for fen in totals.ageing.values())
        opening, held = totals.closing_fen, held + totals.line_count
    assert held == len(documents)
    assert opening == sum(journal.owed_fen for journal, _ in documents)


@given(_documents(), st.randoms(), st.integers(0, 25))
def test_documents_arriving_after_a_close_move_on_and_change_nothing_closed(
    documents: list[tuple[Journal, date]], random: Any, in_time: int
) -> None:
    # A reversal is made of what is booked, so it never comes before its journal.
    arrived = sorted(documents, key=lambda one: (one[0].reverses is not None, random.random()))
    first = [Movement.of(journal, posting_day(on, None)) for journal, on in arrived[:in_time]]
    late = [Movement.of(journal, posting_day(on, "2026-03")) for journal, on in arrived[in_time:]]
    before = [one for one in _totals(first) if period_of(one.day) <= "2026-03"]
    after = [one for one in _totals([*first, *late]) if period_of(one.day) <= "2026-03"]
    assert before == after
    assert all(movement.posted_on >= first_day("2026-04") for movement in late)
    assert sum(one.change_fen for one in [*first, *late]) == sum(journal.owed_fen for journal, _ in documents)


def test_a_movement_is_debit_or_credit() -> None:
    journal = journal_of(shipped())
    movement = Movement.of(journal, day(5))
    assert (movement.debit_fen, movement.credit_fen, movement.kind) == (11300, 0, DocumentKind.SHIPMENT)
    assert Movement.of(reversal_of(journal, day(6), "错"), day(6)).credit_fen == 11300
