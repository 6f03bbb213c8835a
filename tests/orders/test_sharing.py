"""Sharing several SKUs out, to orders that take a part and to orders that do not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.orders.allocation.rules import (
    AllocationRule,
    AllocationSettings,
    Grant,
    WaitingOrder,
    allocate_sku,
    allocate_supply,
)
from services.orders.vocabulary import Grade


def place(number: int, wanted: dict[int, int], *, whole: bool = False, urgent: bool = False) -> WaitingOrder:
    """The order that came in on this day of November."""
    return WaitingOrder(f"D{number}-1", f"D{number}", Grade.A, urgent, f"2026-11-{number:02}", whole, wanted)


def pieces(shares: dict[str, dict[int, Grant]]) -> dict[str, dict[int, int]]:
    return {
        order_id: {sku_index: grant.pieces for sku_index, grant in grants.items()}
        for order_id, grants in shares.items()
    }


wishes = st.dictionaries(st.integers(1, 3), st.integers(1, 12), min_size=1)
places = st.lists(
    st.tuples(wishes, st.booleans(), st.booleans(), st.sampled_from(Grade)),
    max_size=6,
).map(
    lambda drawn: [
        replace(place(number, wanted, whole=whole, urgent=urgent), grade=grade)
        for number, (wanted, whole, urgent, grade) in enumerate(drawn, 1)
    ]
)
supplies = st.dictionaries(st.integers(1, 4), st.integers(0, 30))
rules = st.sampled_from(AllocationRule)
SETTINGS = AllocationSettings(quotas={Grade.A: 8, Grade.B: 4})


def test_each_sku_is_shared_out_by_itself_and_who_gets_nothing_is_left_out() -> None:
    line = [place(1, {1: 5, 2: 5}), place(2, {1: 5})]
    shares = allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 5}, line)
    assert pieces(shares) == {"D1-1": {1: 5}}
    assert (shares["D1-1"][1].reason.queue_position, shares["D1-1"][1].reason.queue_length) == (1, 2)


def test_an_order_that_takes_only_all_of_it_waits_on_and_leaves_its_part_to_those_behind() -> None:
    line = [place(1, {1: 5, 2: 5}, whole=True), place(2, {1: 3}), place(3, {1: 4}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 7, 2: 4}, line)) == {
        "D2-1": {1: 3},
        "D3-1": {1: 4},
    }


def test_it_is_served_as_soon_as_everything_is_there_in_its_place() -> None:
    line = [place(1, {1: 5, 2: 5}, whole=True), place(2, {1: 3}), place(3, {1: 4}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 7, 2: 5}, line)) == {
        "D1-1": {1: 5, 2: 5},
        "D2-1": {1: 2},
    }


def test_of_two_that_do_not_both_fit_the_earlier_one_is_served() -> None:
    line = [place(2, {1: 5}, whole=True), place(1, {1: 5}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.PRO_RATA_BY_TIER, SETTINGS, {1: 6}, line)) == {"D1-1": {1: 5}}


def test_one_that_stands_aside_does_not_keep_a_smaller_one_behind_it_from_being_served() -> None:
    line = [place(1, {1: 3}), place(2, {1: 5}, whole=True), place(3, {1: 2}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 6}, line)) == {
        "D1-1": {1: 3},
        "D3-1": {1: 2},
    }


@given(rules, supplies, places)
def test_nothing_is_shared_out_twice_and_who_wants_all_gets_all_or_is_not_served(
    rule: AllocationRule, supply: dict[int, int], line: list[WaitingOrder]
) -> None:
    shares = allocate_supply(rule, SETTINGS, supply, line)
    for one in line:
        if one.whole and one.order_id in shares:
            assert {sku_index: grant.pieces for sku_index, grant in shares[one.order_id].items()} == one.wanted
    for sku_index in range(1, 5):
        assert sum(grants[sku_index].pieces for grants in shares.values() if sku_index in grants) <= supply.get(
            sku_index, 0
        )


@given(rules, supplies, places)
def test_nobody_who_wants_all_is_left_waiting_if_it_could_have_been_served(
    rule: AllocationRule, supply: dict[int, int], line: list[WaitingOrder]
) -> None:
    served = allocate_supply(rule, SETTINGS, supply, line)
    inside = [one for one in line if not one.whole or one.order_id in served]
    for left in (one for one in line if one not in inside):
        would = [*inside, left]
        short = {
            grant.order_id
            for sku_index in left.wanted
            for grant in allocate_sku(
                rule,
                supply.get(sku_index, 0),
                [one.claim(sku_index) for one in would if sku_index in one.wanted],
                SETTINGS,
            )
            if grant.pieces < grant.reason.wanted
        }
        assert short & {one.order_id for one in would if one.whole}


@given(rules, supplies, places)
def test_the_order_in_which_places_are_handed_in_changes_nothing(
    rule: AllocationRule, supply: dict[int, int], line: list[WaitingOrder]
) -> None:
    assert list(allocate_supply(rule, SETTINGS, supply, line[::-1]).items()) == list(
        allocate_supply(rule, SETTINGS, supply, line).items()
    )
