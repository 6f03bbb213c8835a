"""Allocation rules: the published examples, and properties that hold for any claims."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.grades import GRADES, Grade
from services.orders.allocation.rules import AllocationRule, AllocationSettings, Claim, Grant, allocate_sku, apportion

QUOTAS = AllocationSettings(quotas={Grade.A: 60, Grade.B: 40, Grade.PROJECT: 30, Grade.C: 20})


def claim(
    number: int,
    wanted: int,
    *,
    dealer: str | None = None,
    grade: str = "A",
    urgent: bool = False,
    already: int = 0,
) -> Claim:
    """Return a claim whose order came in at this minute."""
    dealer = dealer or f"D{number}"
    return Claim(
        f"{dealer}-{number}",
        dealer,
        Grade(grade),
        urgent,
        f"2026-11-23T09:{number:02}:00.000Z",
        wanted,
        already,
    )


def pieces(grants: list[Grant]) -> dict[str, int]:
    return {grant.order_id: grant.pieces for grant in grants}


def got_by_dealer(grants: list[Grant]) -> Counter[str]:
    got: Counter[str] = Counter()
    for grant in grants:
        got[grant.dealer_id] += grant.pieces
    return got


#: A dealer has one grade and one figure of earlier grants, so claims are drawn by dealer.
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
def test_allocation_uses_all_supply_once_and_exceeds_no_claim(
    rule: AllocationRule, supply: int, queue: list[Claim], settings: AllocationSettings
) -> None:
    grants = allocate_sku(rule, supply, queue, settings)
    assert sum(grant.pieces for grant in grants) == min(supply, sum(claim.wanted for claim in queue))
    assert sorted(grant.order_id for grant in grants) == sorted(claim.order_id for claim in queue)
    assert all(0 <= grant.reason.share <= grant.pieces <= grant.reason.wanted for grant in grants)


@given(rules, supplies, lines, settings_of, st.randoms(use_true_random=False))
def test_allocation_ignores_the_input_order_of_claims(
    rule: AllocationRule, supply: int, queue: list[Claim], settings: AllocationSettings, random: Random
) -> None:
    shuffled = list(queue)
    random.shuffle(shuffled)
    assert allocate_sku(rule, supply, shuffled, settings) == allocate_sku(rule, supply, queue, settings)


@given(rules, supplies, lines, settings_of)
def test_grant_reason_reproduces_every_share(
    rule: AllocationRule, supply: int, queue: list[Claim], settings: AllocationSettings
) -> None:
    grants = allocate_sku(rule, supply, queue, settings)
    claimed = sum(claim.wanted for claim in queue)
    assert [grant.reason.queue_position for grant in grants] == list(range(1, len(queue) + 1))
    for grant in grants:
        reason = grant.reason
        assert (reason.rule, reason.supply, reason.claimed, reason.queue_length) == (
            rule,
            supply,
            claimed,
            len(queue),
        )
        match rule:
            case AllocationRule.FIRST_COME:
                assert grant.pieces == reason.share == min(reason.wanted, reason.pool)
            case AllocationRule.QUOTA:
                assert reason.quota is not None and reason.share <= reason.quota
            case AllocationRule.PRO_RATA_BY_TIER if reason.pool < reason.pool_claimed:
                assert (
                    reason.share == reason.pool * reason.wanted // reason.pool_claimed // settings.pack * settings.pack
                )
                assert grant.pieces - reason.share <= settings.pack
            case AllocationRule.PRO_RATA_BY_TIER:
                assert grant.pieces == reason.wanted


@pytest.mark.parametrize("rule", AllocationRule)
def test_allocation_of_no_supply_grants_nothing(rule: AllocationRule) -> None:
    assert allocate_sku(rule, 100, []) == []
    assert pieces(allocate_sku(rule, 0, [claim(1, 10)])) == {"D1-1": 0}
    assert pieces(allocate_sku(rule, -3, [claim(1, 10), claim(2, 0)])) == {"D1-1": 0, "D2-2": 0}


# --- first come ------------------------------------------------------------------------------------------------------


def test_first_come_serves_urgent_orders_before_the_queue() -> None:
    queue = [claim(1, 50), claim(2, 30), claim(3, 40, urgent=True)]
    grants = allocate_sku(AllocationRule.FIRST_COME, 100, queue)
    assert pieces(grants) == {"D3-3": 40, "D1-1": 50, "D2-2": 10}
    last = grants[-1].reason
    assert (last.queue_position, last.queue_length, last.pool, last.pool_claimed, last.quota) == (3, 3, 10, 30, None)


def test_queue_orders_by_dealer_id_when_times_are_equal() -> None:
    queue = [replace(claim(1, 5, dealer=dealer), since="2026-11-23") for dealer in ("D9", "D2")]
    assert pieces(allocate_sku(AllocationRule.FIRST_COME, 6, queue)) == {"D2-1": 5, "D9-1": 1}


@given(supplies, lines)
def test_first_come_serves_each_claim_in_full_before_the_next(supply: int, queue: list[Claim]) -> None:
    grants = allocate_sku(AllocationRule.FIRST_COME, supply, queue)
    short = [grant.pieces < grant.reason.wanted for grant in grants]
    first = short.index(True) if True in short else len(grants)
    assert all(grant.pieces == 0 for grant in grants[first + 1 :])


# --- quota -----------------------------------------------------------------------------------------------------------


def test_quota_leaves_other_dealers_their_share_of_a_big_order() -> None:
    queue = [claim(1, 200), claim(2, 50), claim(3, 50, grade="B")]
    grants = allocate_sku(AllocationRule.QUOTA, 150, queue, QUOTAS)
    assert pieces(grants) == {"D1-1": 60, "D2-2": 50, "D3-3": 40}


def test_quota_grants_the_rest_in_queue_order() -> None:
    queue = [claim(1, 200), claim(2, 50), claim(3, 50, grade="B")]
    grants = allocate_sku(AllocationRule.QUOTA, 170, queue, QUOTAS)
    assert pieces(grants) == {"D1-1": 80, "D2-2": 50, "D3-3": 40}
    assert [grant.reason.share for grant in grants] == [60, 50, 40]


def test_quota_counts_all_orders_of_a_dealer_in_the_period() -> None:
    queue = [claim(1, 30, dealer="D1", already=20), claim(2, 30, dealer="D1", already=20), claim(3, 60)]
    grants = allocate_sku(AllocationRule.QUOTA, 100, queue, QUOTAS)
    assert pieces(grants) == {"D1-1": 30, "D1-2": 10, "D3-3": 60}
    assert [grant.reason.quota for grant in grants] == [40, 10, 60]


@given(supplies, lines)
def test_quota_is_not_exceeded_while_another_dealer_is_below_its_own(supply: int, queue: list[Claim]) -> None:
    grants = allocate_sku(AllocationRule.QUOTA, supply, queue, QUOTAS)
    got, wanted = got_by_dealer(grants), Counter[str]()
    for one in queue:
        wanted[one.dealer_id] += one.wanted
    room = {one.dealer_id: max(QUOTAS.quotas[one.grade] - one.already, 0) for one in queue}
    below = [dealer for dealer in room if got[dealer] < min(room[dealer], wanted[dealer])]
    above = [dealer for dealer in room if got[dealer] > room[dealer]]
    assert not (below and above)


# --- pro rata by tier ------------------------------------------------------------------------------------------------


def test_pro_rata_serves_better_grades_in_full_then_in_proportion() -> None:
    queue = [claim(1, 40, grade="C"), claim(2, 90, grade="B"), claim(3, 30, grade="B"), claim(4, 50)]
    grants = allocate_sku(AllocationRule.PRO_RATA_BY_TIER, 110, queue)
    assert pieces(grants) == {"D4-4": 50, "D2-2": 45, "D3-3": 15, "D1-1": 0}
    reason = {grant.order_id: grant.reason for grant in grants}
    assert (reason["D2-2"].pool, reason["D2-2"].pool_claimed, reason["D2-2"].grade) == (60, 120, Grade.B)


def test_pro_rata_gives_the_odd_piece_to_the_largest_remainder() -> None:
    assert apportion(10, [7, 7, 7]) == [(3, 4), (3, 3), (3, 3)]
    assert apportion(10, [1, 6, 8]) == [(0, 1), (4, 4), (5, 5)]


def test_pro_rata_grants_whole_packs_except_the_last() -> None:
    assert apportion(50, [60, 60], pack=12) == [(24, 26), (24, 24)]
    assert apportion(48, [60, 36], pack=12) == [(24, 36), (12, 12)]


@given(supplies, lines, settings_of)
def test_pro_rata_serves_no_grade_before_the_better_ones(
    supply: int, queue: list[Claim], settings: AllocationSettings
) -> None:
    grants = allocate_sku(AllocationRule.PRO_RATA_BY_TIER, supply, queue, settings)
    short = [GRADES[grant.reason.grade].tier for grant in grants if grant.pieces < grant.reason.wanted]
    served = [GRADES[grant.reason.grade].tier for grant in grants if grant.pieces]
    assert not short or not served or max(served) <= min(short)


@given(supplies, lines)
def test_pro_rata_grants_more_to_larger_claims_of_a_grade(supply: int, queue: list[Claim]) -> None:
    grants = allocate_sku(AllocationRule.PRO_RATA_BY_TIER, supply, queue)
    for one in grants:
        for other in grants:
            if one.reason.grade is other.reason.grade and one.reason.wanted > other.reason.wanted:
                assert one.pieces >= other.pieces
