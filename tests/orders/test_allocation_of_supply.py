"""Allocation of several SKUs to orders that accept a part and to orders that do not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contracts.grades import Grade
from services.orders.allocation.rules import (
    AllocationRule,
    AllocationSettings,
    Grant,
    WaitingOrder,
    allocate_sku,
    allocate_supply,
)


def waiting_order(number: int, wanted: dict[int, int], *, whole: bool = False, urgent: bool = False) -> WaitingOrder:
    """Return an order backordered on this day of November."""
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
        replace(waiting_order(number, wanted, whole=whole, urgent=urgent), grade=grade)
        for number, (wanted, whole, urgent, grade) in enumerate(drawn, 1)
    ]
)
supplies = st.dictionaries(st.integers(1, 4), st.integers(0, 30))
rules = st.sampled_from(AllocationRule)
SETTINGS = AllocationSettings(quotas={Grade.A: 8, Grade.B: 4})


def test_each_sku_is_allocated_separately_without_empty_grants() -> None:
    queue = [waiting_order(1, {1: 5, 2: 5}), waiting_order(2, {1: 5})]
    shares = allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 5}, queue)
    assert pieces(shares) == {"D1-1": {1: 5}}
    assert (shares["D1-1"][1].reason.queue_position, shares["D1-1"][1].reason.queue_length) == (1, 2)


def test_whole_order_leaves_its_part_to_orders_behind() -> None:
    queue = [waiting_order(1, {1: 5, 2: 5}, whole=True), waiting_order(2, {1: 3}), waiting_order(3, {1: 4}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 7, 2: 4}, queue)) == {
        "D2-1": {1: 3},
        "D3-1": {1: 4},
    }


def test_whole_order_is_served_when_everything_is_available() -> None:
    queue = [waiting_order(1, {1: 5, 2: 5}, whole=True), waiting_order(2, {1: 3}), waiting_order(3, {1: 4}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 7, 2: 5}, queue)) == {
        "D1-1": {1: 5, 2: 5},
        "D2-1": {1: 2},
    }


def test_earlier_whole_order_is_served_when_only_one_fits() -> None:
    queue = [waiting_order(2, {1: 5}, whole=True), waiting_order(1, {1: 5}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.PRO_RATA_BY_TIER, SETTINGS, {1: 6}, queue)) == {"D1-1": {1: 5}}


def test_skipped_whole_order_does_not_block_a_smaller_one() -> None:
    queue = [waiting_order(1, {1: 3}), waiting_order(2, {1: 5}, whole=True), waiting_order(3, {1: 2}, whole=True)]
    assert pieces(allocate_supply(AllocationRule.FIRST_COME, SETTINGS, {1: 6}, queue)) == {
        "D1-1": {1: 3},
        "D3-1": {1: 2},
    }


@given(rules, supplies, places)
def test_whole_order_gets_everything_or_nothing_within_supply(
    rule: AllocationRule, supply: dict[int, int], queue: list[WaitingOrder]
) -> None:
    shares = allocate_supply(rule, SETTINGS, supply, queue)
    for one in queue:
        if one.whole and one.order_id in shares:
            assert {sku_index: grant.pieces for sku_index, grant in shares[one.order_id].items()} == one.wanted
    for sku_index in range(1, 5):
        assert sum(grants[sku_index].pieces for grants in shares.values() if sku_index in grants) <= supply.get(
            sku_index, 0
        )


@given(rules, supplies, places)
def test_whole_order_waits_only_when_it_cannot_be_served(
    rule: AllocationRule, supply: dict[int, int], queue: list[WaitingOrder]
) -> None:
    served = allocate_supply(rule, SETTINGS, supply, queue)
    inside = [one for one in queue if not one.whole or one.order_id in served]
    for left in (one for one in queue if one not in inside):
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
def test_allocation_ignores_the_input_order_of_waiting_orders(
    rule: AllocationRule, supply: dict[int, int], queue: list[WaitingOrder]
) -> None:
    assert list(allocate_supply(rule, SETTINGS, supply, queue[::-1]).items()) == list(
        allocate_supply(rule, SETTINGS, supply, queue).items()
    )
