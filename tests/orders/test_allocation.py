"""Sharing out what is short: the published examples, and what holds whatever is claimed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.allocation.rules import AllocationRule, AllocationSettings, Claim, Grant, allocate_sku, apportion
from services.orders.vocabulary import Grade

QUOTAS = AllocationSettings(quotas={Grade.A: 60, Grade.B: 40, Grade.C: 20})


def claim(
    place: int, wanted: int, *, dealer: str | None = None, grade: str = "A", urgent: bool = False, already: int = 0
) -> Claim:
    """The order that came in at this place of the day."""
    dealer = dealer or f"D{place}"
    return Claim(
        f"{dealer}-{place}", dealer, Grade(grade), urgent, f"2026-11-23T09:{place:02}:00.000Z", wanted, already
    )


def pieces(grants: list[Grant]) -> dict[str, int]:
    return {grant.order_id: grant.pieces for grant in grants}


def got_by_dealer(grants: list[Grant]) -> Counter[str]:
    got: Counter[str] = Counter()
    for grant in grants:
        got[grant.dealer_id] += grant.pieces
    return got


#: A dealer has one grade and one figure of what it got already, so claims are drawn by dealer.
dealers = st.dictionaries(
    st.sampled_from(["D1", "D2", "D3", "D4"]),
    st.tuples(
        st.sampled_from(Grade),
        st.integers(0, 80),
        st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 60)), max_size=3),
    ),
)
lines = dealers.map(
    lambda drawn: [
        Claim(f"{dealer}-{number}", dealer, grade, urgent, f"2026-11-2{day}", wanted, already)
        for dealer, (grade, already, claims) in drawn.items()
        for number, (day, urgent, wanted) in enumerate(claims)
    ]
)
rules = st.sampled_from(AllocationRule)
supplies = st.integers(0, 400)
settings_of = st.builds(
    AllocationSettings, quotas=st.dictionaries(st.sampled_from(Grade), st.integers(0, 80)), pack=st.integers(1, 12)
)


# --- what holds for every rule ---------------------------------------------------------------------------------------


@given(rules, supplies, lines, settings_of)
def test_all_supply_is_used_none_twice_and_nobody_gets_more_than_it_claims(
    rule: AllocationRule, supply: int, line: list[Claim], settings: AllocationSettings
) -> None:
    grants = allocate_sku(rule, supply, line, settings)
    assert sum(grant.pieces for grant in grants) == min(supply, sum(claim.wanted for claim in line))
    assert sorted(grant.order_id for grant in grants) == sorted(claim.order_id for claim in line)
    assert all(0 <= grant.reason.share <= grant.pieces <= grant.reason.wanted for grant in grants)


@given(rules, supplies, lines, settings_of, st.randoms(use_true_random=False))
def test_the_order_in_which_claims_are_handed_in_changes_nothing(
    rule: AllocationRule, supply: int, line: list[Claim], settings: AllocationSettings, random: Random
) -> None:
    shuffled = list(line)
    random.shuffle(shuffled)
    assert allocate_sku(rule, supply, shuffled, settings) == allocate_sku(rule, supply, line, settings)


@given(rules, supplies, lines, settings_of)
def test_every_share_can_be_worked_out_again_from_what_the_dealer_reads(
    rule: AllocationRule, supply: int, line: list[Claim], settings: AllocationSettings
) -> None:
    grants = allocate_sku(rule, supply, line, settings)
    claimed = sum(claim.wanted for claim in line)
    assert [grant.reason.queue_position for grant in grants] == list(range(1, len(line) + 1))
    for grant in grants:
        told = grant.reason
        assert (told.rule, told.supply, told.claimed, told.queue_length) == (rule, supply, claimed, len(line))
        match rule:
            case AllocationRule.FIRST_COME:
                assert grant.pieces == told.share == min(told.wanted, told.pool)
            case AllocationRule.QUOTA:
                assert told.quota is not None and told.share <= told.quota
            case AllocationRule.PRO_RATA_BY_TIER if told.pool < told.pool_claimed:
                assert told.share == told.pool * told.wanted // told.pool_claimed // settings.pack * settings.pack
                assert grant.pieces - told.share <= settings.pack
            case AllocationRule.PRO_RATA_BY_TIER:
                assert grant.pieces == told.wanted


@pytest.mark.parametrize("rule", AllocationRule)
def test_nothing_is_shared_out_of_nothing(rule: AllocationRule) -> None:
    assert allocate_sku(rule, 100, []) == []
    assert pieces(allocate_sku(rule, 0, [claim(1, 10)])) == {"D1-1": 0}
    assert pieces(allocate_sku(rule, -3, [claim(1, 10), claim(2, 0)])) == {"D1-1": 0, "D2-2": 0}


# --- first come ------------------------------------------------------------------------------------------------------


def test_first_come_serves_the_line_and_an_urgent_order_stands_before_it() -> None:
    line = [claim(1, 50), claim(2, 30), claim(3, 40, urgent=True)]
    grants = allocate_sku(AllocationRule.FIRST_COME, 100, line)
    assert pieces(grants) == {"D3-3": 40, "D1-1": 50, "D2-2": 10}
    last = grants[-1].reason
    assert (last.queue_position, last.queue_length, last.pool, last.pool_claimed, last.quota) == (3, 3, 10, 30, None)


def test_orders_of_one_moment_stand_by_their_dealers_id() -> None:
    line = [replace(claim(1, 5, dealer=dealer), since="2026-11-23") for dealer in ("D9", "D2")]
    assert pieces(allocate_sku(AllocationRule.FIRST_COME, 6, line)) == {"D2-1": 5, "D9-1": 1}


@given(supplies, lines)
def test_nobody_gets_a_piece_before_those_in_front_have_all(supply: int, line: list[Claim]) -> None:
    grants = allocate_sku(AllocationRule.FIRST_COME, supply, line)
    short = [grant.pieces < grant.reason.wanted for grant in grants]
    first = short.index(True) if True in short else len(grants)
    assert all(grant.pieces == 0 for grant in grants[first + 1 :])


# --- quota -----------------------------------------------------------------------------------------------------------


def test_the_early_big_order_leaves_the_others_their_quota() -> None:
    line = [claim(1, 200), claim(2, 50), claim(3, 50, grade="B")]
    grants = allocate_sku(AllocationRule.QUOTA, 150, line, QUOTAS)
    assert pieces(grants) == {"D1-1": 60, "D2-2": 50, "D3-3": 40}


def test_what_quotas_leave_over_goes_down_the_line() -> None:
    line = [claim(1, 200), claim(2, 50), claim(3, 50, grade="B")]
    grants = allocate_sku(AllocationRule.QUOTA, 170, line, QUOTAS)
    assert pieces(grants) == {"D1-1": 80, "D2-2": 50, "D3-3": 40}
    assert [grant.reason.share for grant in grants] == [60, 50, 40]


def test_a_quota_is_the_dealers_over_all_its_orders_and_the_whole_period() -> None:
    line = [claim(1, 30, dealer="D1", already=20), claim(2, 30, dealer="D1", already=20), claim(3, 60)]
    grants = allocate_sku(AllocationRule.QUOTA, 100, line, QUOTAS)
    assert pieces(grants) == {"D1-1": 30, "D1-2": 10, "D3-3": 60}
    assert [grant.reason.quota for grant in grants] == [40, 10, 60]


@given(supplies, lines)
def test_nobody_goes_beyond_its_quota_while_another_waits_below_its_own(supply: int, line: list[Claim]) -> None:
    grants = allocate_sku(AllocationRule.QUOTA, supply, line, QUOTAS)
    got, wanted = got_by_dealer(grants), Counter[str]()
    for one in line:
        wanted[one.dealer_id] += one.wanted
    room = {one.dealer_id: max(QUOTAS.quotas[one.grade] - one.already, 0) for one in line}
    below = [dealer for dealer in room if got[dealer] < min(room[dealer], wanted[dealer])]
    above = [dealer for dealer in room if got[dealer] > room[dealer]]
    assert not (below and above)


# --- pro rata by tier ------------------------------------------------------------------------------------------------


def test_grades_are_served_in_full_until_one_cannot_be_and_that_one_shares_in_proportion() -> None:
    line = [claim(1, 40, grade="C"), claim(2, 90, grade="B"), claim(3, 30, grade="B"), claim(4, 50)]
    grants = allocate_sku(AllocationRule.PRO_RATA_BY_TIER, 110, line)
    assert pieces(grants) == {"D4-4": 50, "D2-2": 45, "D3-3": 15, "D1-1": 0}
    told = {grant.order_id: grant.reason for grant in grants}
    assert (told["D2-2"].pool, told["D2-2"].pool_claimed, told["D2-2"].grade) == (60, 120, Grade.B)


def test_the_largest_remainder_gets_the_odd_piece_and_of_equals_the_earlier_order() -> None:
    assert apportion(10, [7, 7, 7]) == [(3, 4), (3, 3), (3, 3)]
    assert apportion(10, [1, 6, 8]) == [(0, 1), (4, 4), (5, 5)]


def test_shares_are_whole_packs_but_for_the_last_one() -> None:
    assert apportion(50, [60, 60], pack=12) == [(24, 26), (24, 24)]
    assert apportion(48, [60, 36], pack=12) == [(24, 36), (12, 12)]


@given(supplies, lines, settings_of)
def test_no_grade_gets_a_piece_before_the_better_ones_have_all(
    supply: int, line: list[Claim], settings: AllocationSettings
) -> None:
    grants = allocate_sku(AllocationRule.PRO_RATA_BY_TIER, supply, line, settings)
    short = [grant.reason.grade for grant in grants if grant.pieces < grant.reason.wanted]
    served = [grant.reason.grade for grant in grants if grant.pieces]
    assert not short or not served or max(served) <= min(short)


@given(supplies, lines)
def test_of_one_grade_who_wants_more_never_gets_less(supply: int, line: list[Claim]) -> None:
    grants = allocate_sku(AllocationRule.PRO_RATA_BY_TIER, supply, line)
    for one in grants:
        for other in grants:
            if one.reason.grade is other.reason.grade and one.reason.wanted > other.reason.wanted:
                assert one.pieces >= other.pieces
