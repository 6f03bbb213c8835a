"""The rules of ordering, by example and by property."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import fen_of
from services.orders.domain import (
    SHELVES_PER_STEP,
    Action,
    Demand,
    Line,
    Progress,
    State,
    dealer_may_cancel,
    decided,
    given_back,
    grantable,
    held_by_slot,
    is_complete,
    may,
    needs_credit_hold,
    rest_cancelled,
    shipped,
    shipped_line,
    steps,
    total,
    wanted_by_slot,
)


def line(number: int = 1, *, slot: int = 0, quantity: int = 10, unit_price: str = "12.5") -> Line:
    price = Decimal(unit_price)
    return Line(number, f"SKU{slot}", "球泡", quantity, price, "P1", 13, fen_of(price, quantity), slot)


demand_lists = st.lists(st.builds(Demand, st.integers(0, 9), st.integers(1, 50)), min_size=1, max_size=20)


def nothing(demands: list[Demand]) -> tuple[Progress, ...]:
    return tuple(Progress() for _ in demands)


def test_lines_of_one_sku_are_summed_for_stock() -> None:
    demands = [Demand(7, 4), Demand(7, 5), Demand(8, 1)]
    assert wanted_by_slot(demands, nothing(demands)) == {7: 9, 8: 1}


def test_short_stock_goes_to_the_earlier_line_and_the_rest_is_backordered() -> None:
    demands = [Demand(7, 4), Demand(7, 5)]
    assert decided(demands, nothing(demands), {7: 6}) == (Progress(reserved=4), Progress(reserved=2, backordered=3))


def test_slots_without_a_figure_are_taken_to_have_enough_and_none_goes_below_zero() -> None:
    assert grantable({1: 5, 2: 5, 3: 5}, {2: 3, 3: -1}) == {1: 5, 2: 3, 3: 0}


@given(demand_lists, st.dictionaries(st.integers(0, 9), st.integers(0, 60)))
def test_what_is_decided_is_never_more_than_granted_and_accounts_for_every_piece(
    demands: list[Demand], available: dict[int, int]
) -> None:
    wanted = wanted_by_slot(demands, nothing(demands))
    granted = grantable(wanted, {slot: available.get(slot, 0) for slot in wanted})
    result = decided(demands, nothing(demands), granted)
    assert {slot: pieces for slot, pieces in granted.items() if pieces} == held_by_slot(demands, result)
    assert all(one.reserved + one.backordered == ordered.quantity for one, ordered in zip(result, demands, strict=True))


@given(demand_lists)
def test_deciding_twice_changes_nothing(demands: list[Demand]) -> None:
    once = decided(demands, nothing(demands), wanted_by_slot(demands, nothing(demands)))
    assert wanted_by_slot(demands, once) == {}
    assert decided(demands, once, {}) == once


@given(st.integers(1, 500), st.decimals(min_value="0.001", max_value="9999", places=3), st.data())
def test_the_values_of_all_shipments_of_a_line_add_up_to_the_line(
    quantity: int, price: Decimal, data: st.DataObject
) -> None:
    ordered = line(quantity=quantity, unit_price=str(price))
    gone, gross, tax = 0, 0, 0
    while gone < quantity:
        pieces = data.draw(st.integers(1, quantity - gone))
        part = shipped_line(ordered, gone, pieces)
        gone, gross, tax = gone + pieces, gross + part.gross_fen, tax + part.tax_fen
    assert (gross, tax) == (ordered.gross_fen, ordered.tax_fen)


def test_the_published_vat_example_holds() -> None:
    """features.md 4.4: 99.99 x 3 -> gross 299.97, tax 34.51, net 265.46."""
    money = total([line(quantity=3, unit_price="99.99")])
    assert (money.gross_fen, money.tax_fen, money.net_fen) == (29_997, 3_451, 26_546)


def test_document_tax_is_the_sum_of_the_lines_not_recomputed_from_the_total() -> None:
    """features.md 4.4: 110 lines of 0.05 give 1.10 tax, not 0.63."""
    assert total([line(number, quantity=1, unit_price="0.05") for number in range(1, 111)]).tax_fen == 110


def test_credit_holds_begin_above_the_limit_not_at_it() -> None:
    assert not needs_credit_hold(total_fen=100, committed_fen=900, limit_fen=1_000)
    assert needs_credit_hold(total_fen=101, committed_fen=900, limit_fen=1_000)


@pytest.mark.parametrize(
    ("action", "states"),
    [
        (Action.RESERVE, {State.SUBMITTED}),
        (Action.RELEASE_HOLD, {State.IN_REVIEW}),
        (Action.APPROVE, {State.IN_REVIEW}),
        (Action.REJECT, {State.IN_REVIEW}),
        (Action.CANCEL, {State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED}),
        (Action.SHIP, {State.CONFIRMED}),
    ],
)
def test_an_action_is_admitted_in_its_own_states_and_no_other(action: Action, states: set[State]) -> None:
    assert {state for state in State if may(action, state)} == states


def test_a_dealer_may_cancel_until_the_order_is_approved() -> None:
    assert {state for state in State if dealer_may_cancel(state)} == {State.SUBMITTED, State.IN_REVIEW}


def test_cancelling_the_rest_keeps_what_was_shipped() -> None:
    lines = [line(1, slot=1, quantity=10), line(2, slot=2, quantity=5)]
    progress = (shipped(Progress(reserved=7, backordered=3), 4), Progress(reserved=5))
    after = rest_cancelled(lines, progress)
    assert after == (Progress(shipped=4, cancelled=6), Progress(cancelled=5))
    assert is_complete(lines, after)


def test_what_is_given_back_is_still_on_order() -> None:
    lines = [line(1, slot=1, quantity=10), line(2, slot=2, quantity=5)]
    progress = (shipped(Progress(reserved=7, backordered=3), 4), Progress(reserved=5))
    after = given_back([Demand(one.slot, one.quantity) for one in lines], progress, frozenset({1}))
    assert after == (Progress(shipped=4, backordered=6), Progress(reserved=5))
    assert not is_complete(lines, after)


@given(st.sets(st.integers(0, 40_000), max_size=2_000))
def test_steps_cover_every_slot_once_and_touch_few_enough_shelves(slots: set[int]) -> None:
    portions = steps(slots, 64)
    assert sorted(slot for portion in portions for slot in portion) == sorted(slots)
    assert all(len({slot // 64 for slot in portion}) <= SHELVES_PER_STEP for portion in portions)
