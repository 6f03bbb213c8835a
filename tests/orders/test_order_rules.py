"""Rules of orders, stock and credit, by example and by property."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base.money import fen_of
from kernel.http.principal import Role
from services.orders.credit.rules import exceeds_credit_limit
from services.orders.order.lifecycle import TRANSITIONS, Action, is_allowed
from services.orders.order.rules import (
    Demand,
    Line,
    Progress,
    cancel_unshipped,
    document_totals,
    has_nothing_left_to_ship,
    limit_to_available,
    reserved_by_sku_index,
    split_to_fit_transactions,
    turn_reserved_into_backordered,
    wanted_by_sku_index,
)
from services.orders.reservation.rules import apply_reservation
from services.orders.shipping.rules import ship_pieces, shipped_line
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION, State


def line(number: int = 1, *, sku_index: int = 0, quantity: int = 10, unit_price: str = "12.5") -> Line:
    price = Decimal(unit_price)
    return Line(number, f"SKU{sku_index}", "球泡", quantity, price, "P1", 13, fen_of(price, quantity), sku_index)


demand_lists = st.lists(st.builds(Demand, st.integers(0, 9), st.integers(1, 50)), min_size=1, max_size=20)


def nothing(demands: list[Demand]) -> tuple[Progress, ...]:
    return tuple(Progress() for _ in demands)


def test_wanted_pieces_sum_the_lines_of_a_sku() -> None:
    demands = [Demand(7, 4), Demand(7, 5), Demand(8, 1)]
    assert wanted_by_sku_index(demands, nothing(demands)) == {7: 9, 8: 1}


def test_reservation_serves_earlier_lines_and_backorders_the_rest() -> None:
    demands = [Demand(7, 4), Demand(7, 5)]
    assert apply_reservation(demands, nothing(demands), {7: 6}) == (
        Progress(reserved=4),
        Progress(reserved=2, backordered=3),
    )


def test_limit_keeps_wanted_pieces_without_figure_and_never_goes_negative() -> None:
    assert limit_to_available({1: 5, 2: 5, 3: 5}, {2: 3, 3: -1}) == {1: 5, 2: 3, 3: 0}


@given(demand_lists, st.dictionaries(st.integers(0, 9), st.integers(0, 60)))
def test_reservation_never_exceeds_the_grant_and_accounts_for_every_piece(
    demands: list[Demand], available: dict[int, int]
) -> None:
    wanted = wanted_by_sku_index(demands, nothing(demands))
    granted = limit_to_available(wanted, {sku_index: available.get(sku_index, 0) for sku_index in wanted})
    result = apply_reservation(demands, nothing(demands), granted)
    assert {sku_index: pieces for sku_index, pieces in granted.items() if pieces} == reserved_by_sku_index(
        demands, result
    )
    assert all(one.reserved + one.backordered == ordered.quantity for one, ordered in zip(result, demands, strict=True))


@given(demand_lists)
def test_reservation_changes_nothing_when_applied_twice(demands: list[Demand]) -> None:
    once = apply_reservation(demands, nothing(demands), wanted_by_sku_index(demands, nothing(demands)))
    assert wanted_by_sku_index(demands, once) == {}
    assert apply_reservation(demands, once, {}) == once


@given(st.integers(1, 500), st.decimals(min_value="0.001", max_value="9999", places=3), st.data())
def test_shipment_values_add_up_to_the_line(quantity: int, price: Decimal, data: st.DataObject) -> None:
    ordered = line(quantity=quantity, unit_price=str(price))
    gone, gross, tax = 0, 0, 0
    while gone < quantity:
        pieces = data.draw(st.integers(1, quantity - gone))
        part = shipped_line(ordered, gone, pieces)
        gone, gross, tax = gone + pieces, gross + part.gross_fen, tax + part.tax_fen
    assert (gross, tax) == (ordered.gross_fen, ordered.tax_fen)


def test_vat_matches_the_published_example() -> None:
    """features.md 4.4: 99.99 x 3 -> gross 299.97, tax 34.51, net 265.46."""
    money = document_totals([line(quantity=3, unit_price="99.99")])
    assert (money.gross_fen, money.tax_fen, money.net_fen) == (29_997, 3_451, 26_546)


def test_document_tax_is_the_sum_of_line_taxes() -> None:
    """features.md 4.4: 110 lines of 0.05 give 1.10 tax, not 0.63."""
    assert document_totals([line(number, quantity=1, unit_price="0.05") for number in range(1, 111)]).tax_fen == 110


def test_credit_limit_is_exceeded_above_it_not_at_it() -> None:
    assert not exceeds_credit_limit(total_fen=100, committed_fen=900, limit_fen=1_000)
    assert exceeds_credit_limit(total_fen=101, committed_fen=900, limit_fen=1_000)


@pytest.mark.parametrize(
    ("action", "states"),
    [
        (Action.SUBMIT, set()),
        (Action.RESERVE, {State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED}),
        (Action.PLACE_CREDIT_HOLD, {State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED}),
        (Action.RELEASE_HOLD, {State.IN_REVIEW, State.CONFIRMED}),
        (Action.APPROVE, {State.IN_REVIEW}),
        (Action.REJECT, {State.IN_REVIEW}),
        (Action.CANCEL, {State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED}),
        (Action.SHIP, {State.CONFIRMED}),
    ],
)
def test_action_is_allowed_only_in_its_states(action: Action, states: set[State]) -> None:
    assert {state for state in State if is_allowed(action, state)} == states


def test_dealer_may_cancel_until_approval() -> None:
    assert {
        state
        for (state, action), one in TRANSITIONS.items()
        if action is Action.CANCEL and Role.DEALER_BUYER in one.roles
    } == {State.SUBMITTED, State.IN_REVIEW}


def test_cancel_keeps_shipped_pieces() -> None:
    lines = [line(1, sku_index=1, quantity=10), line(2, sku_index=2, quantity=5)]
    progress = (ship_pieces(Progress(reserved=7, backordered=3), 4), Progress(reserved=5))
    after = cancel_unshipped(lines, progress)
    assert after == (Progress(shipped=4, cancelled=6), Progress(cancelled=5))
    assert has_nothing_left_to_ship(lines, after)


def test_returned_reservation_stays_backordered() -> None:
    lines = [line(1, sku_index=1, quantity=10), line(2, sku_index=2, quantity=5)]
    progress = (ship_pieces(Progress(reserved=7, backordered=3), 4), Progress(reserved=5))
    after = turn_reserved_into_backordered(
        [Demand(one.sku_index, one.quantity) for one in lines], progress, frozenset({1})
    )
    assert after == (Progress(shipped=4, backordered=6), Progress(reserved=5))
    assert not has_nothing_left_to_ship(lines, after)


@given(st.sets(st.integers(0, 40_000), max_size=2_000))
def test_split_covers_every_sku_index_once_within_the_bucket_limit(sku_indexes: set[int]) -> None:
    portions = split_to_fit_transactions(sku_indexes, 64)
    assert sorted(sku_index for portion in portions for sku_index in portion) == sorted(sku_indexes)
    assert all(len({sku_index // 64 for sku_index in portion}) <= BUCKETS_PER_TRANSACTION for portion in portions)
