"""Overdue debts by rule: payments cover the oldest due day first, in any order of events."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.orders.credit.receivables import (
    MOST_DEBTS,
    Debt,
    Overdue,
    Receivables,
    change_receivables,
    fold_oldest_days,
    open_debts,
    overdue_on,
    pack_debts,
    unpack_debts,
)

TODAY = date(2026, 12, 1)
#: What a dealer owes more or less, and the due day in days from today, None for payments and their reversals.
Change = tuple[int, int | None]


def _day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


def _after(changes: list[Change], today: date = TODAY) -> Receivables:
    receivables = Receivables({})
    for owed_fen, offset in changes:
        due_on = None if offset is None else _day(offset)
        receivables = change_receivables(receivables, owed_fen, due_on, today)
    return receivables


@st.composite
def _histories(draw: st.DrawFn) -> list[Change]:
    """Draw shipments and payments, with reversals of some of them."""
    changes: list[Change] = draw(
        st.lists(
            st.one_of(
                st.tuples(st.integers(1, 50), st.integers(-200, 60)),
                st.tuples(st.integers(-80, -1), st.none()),
            ),
            max_size=20,
        )
    )
    return changes + [(-fen, offset) for fen, offset in changes if draw(st.booleans())]


@given(_histories(), st.data())
def test_receivables_are_the_same_in_any_order_of_events(history: list[Change], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history))
    assert _after(shuffled) == _after(history)
    days_later = TODAY + timedelta(days=data.draw(st.integers(0, 100)))
    folded_once = fold_oldest_days(_after(history, TODAY - timedelta(days=300)).by_due_day, days_later)
    assert fold_oldest_days(_after(shuffled).by_due_day, days_later) == folded_once, "days fold once or step by step"


@given(_histories(), st.integers(0, 90))
def test_overdue_amount_is_what_was_due_less_what_is_covered(history: list[Change], days: int) -> None:
    today = (TODAY + timedelta(days=days)).isoformat()
    due_fen = sum(fen for fen, offset in history if offset is not None and _day(offset) < today)
    covered_fen = -sum(fen for fen, offset in history if offset is None)
    found = overdue_on(list(open_debts(_after(history))), today)
    assert found.fen == max(due_fen - covered_fen, 0)
    assert (found.oldest_due_on is None) == (found.fen == 0)


@given(_histories())
def test_debts_are_due_on_rising_days_and_survive_packing(history: list[Change]) -> None:
    debts = list(open_debts(_after(history)))
    assert all(earlier.due_on < later.due_on for earlier, later in pairwise(debts))
    assert all(debt.fen > 0 for debt in debts)
    assert unpack_debts(pack_debts(debts)) == debts[:MOST_DEBTS]


def test_reversal_before_its_event_makes_nothing_due() -> None:
    assert list(open_debts(Receivables({}, covered_fen=-5))) == [], "no due day is known"
    assert list(open_debts(Receivables({_day(1): -5, _day(-1): 5}))) == []


def test_receivables_stay_small_after_years_of_shipments() -> None:
    receivables = Receivables({})
    for days in range(1_000):
        today = TODAY + timedelta(days=days)
        receivables = change_receivables(receivables, 100, (today + timedelta(days=30)).isoformat(), today)
    assert len(receivables.by_due_day) <= 90 + 30 + 2
    assert sum(receivables.by_due_day.values()) == 100_000


def test_finance_accepts_debts_of_its_day_and_no_later_ones() -> None:
    debts = [Debt(_day(-10), 300), Debt(_day(0), 50), Debt(_day(5), 70)]
    assert overdue_on(debts, _day(0), 300, _day(0)) == Overdue(300, _day(-10), 300)
    assert overdue_on(debts, _day(1), 300, _day(0)) == Overdue(350, _day(-10), 300), "due since"
    grown = [debts[0]._replace(fen=400)]
    assert overdue_on(grown, _day(0), 300, _day(0)) == Overdue(400, _day(-10), 300), "a payment was reversed"
    assert overdue_on(debts[1:], _day(1), 300, _day(0)) == Overdue(50, _day(0), 0), "what was accepted is paid"
    assert overdue_on([], _day(9), 300, _day(0)) == Overdue()
