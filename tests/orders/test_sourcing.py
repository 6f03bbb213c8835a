"""Choice of the warehouse that serves an order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.sourcing.rules import Candidate, SourcingChoice, SourcingReason, choose_warehouse
from services.orders.vocabulary import ShortagePolicy

WANTED = {1: 10, 2: 5}

stocks = st.dictionaries(
    st.sampled_from(["WH1", "WH2", "WH3"]), st.dictionaries(st.integers(1, 3), st.integers(-2, 12))
)
wishes = st.dictionaries(st.integers(1, 3), st.integers(1, 12), min_size=1)


def chosen(
    available: dict[str, dict[int, int]], shortage_policy: ShortagePolicy = ShortagePolicy.SHIP_AVAILABLE
) -> SourcingChoice:
    return choose_warehouse("WH1", ["WH3", "WH2"], available, WANTED, shortage_policy)


def test_sourcing_picks_home_when_it_has_everything() -> None:
    choice = chosen({"WH1": {1: 10, 2: 5}, "WH2": {1: 99, 2: 99}})
    assert (choice.warehouse, choice.reason) == ("WH1", SourcingReason.HOME_HAS_ALL)


def test_sourcing_picks_the_first_alternate_that_has_everything() -> None:
    choice = chosen({"WH1": {1: 10, 2: 4}, "WH2": {1: 99, 2: 99}, "WH3": {1: 10, 2: 5}})
    assert choice == SourcingChoice(
        "WH3",
        SourcingReason.ALTERNATE_HAS_ALL,
        (Candidate("WH1", 14, 15, 1), Candidate("WH3", 15, 15, 0), Candidate("WH2", 15, 15, 0)),
    )


@pytest.mark.parametrize(
    ("available", "warehouse"),
    [
        ({"WH1": {1: 3}, "WH2": {1: 9}, "WH3": {1: 4}}, "WH2"),
        ({"WH1": {1: 3}, "WH2": {1: 3}, "WH3": {2: 3}}, "WH1"),  # home before others
        ({"WH1": {}, "WH2": {1: 3}, "WH3": {2: 3}}, "WH3"),  # then the published order
        ({"WH1": {1: 3}, "WH2": {1: 2, 7: 500}}, "WH1"),  # what is not wanted does not count
        ({}, "WH1"),
    ],
)
def test_sourcing_picks_most_pieces_when_no_warehouse_has_everything(
    available: dict[str, dict[int, int]], warehouse: str
) -> None:
    choice = chosen(available)
    assert (choice.warehouse, choice.reason) == (warehouse, SourcingReason.MOST_PIECES)


def test_all_or_nothing_order_stays_home_when_none_has_everything() -> None:
    stock = {"WH1": {1: 3}, "WH2": {1: 9}}
    choice = chosen(stock, ShortagePolicy.ALL_OR_NOTHING)
    assert (choice.warehouse, choice.reason) == ("WH1", SourcingReason.STAYS_AT_HOME)
    moved = chosen({**stock, "WH3": WANTED}, ShortagePolicy.ALL_OR_NOTHING)
    assert (moved.warehouse, moved.reason) == ("WH3", SourcingReason.ALTERNATE_HAS_ALL)


def test_sourcing_picks_home_without_alternates() -> None:
    assert choose_warehouse("WH1", [], {"WH2": WANTED}, WANTED, ShortagePolicy.SHIP_AVAILABLE).warehouse == "WH1"


@given(stocks, wishes, st.sampled_from(ShortagePolicy))
def test_sourcing_leaves_home_only_for_more_pieces(
    available: dict[str, dict[int, int]], wanted: dict[int, int], shortage_policy: ShortagePolicy
) -> None:
    choice = choose_warehouse("WH1", ["WH3", "WH2"], available, wanted, shortage_policy)
    found = {candidate.warehouse: candidate for candidate in choice.candidates}
    assert list(found) == ["WH1", "WH3", "WH2"]
    assert all(0 <= one.pieces <= one.wanted == sum(wanted.values()) for one in choice.candidates)
    assert all(one.has_all == (one.pieces == one.wanted) for one in choice.candidates)
    assert choice.warehouse == "WH1" or found[choice.warehouse].pieces > found["WH1"].pieces
    assert found[choice.warehouse].has_all == any(one.has_all for one in choice.candidates)
    assert found[choice.warehouse].has_all == (
        choice.reason in {SourcingReason.HOME_HAS_ALL, SourcingReason.ALTERNATE_HAS_ALL}
    )
