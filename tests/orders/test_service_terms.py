"""Reservation time and urgent orders by grade: examples to check on a wall calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from contracts.grades import GRADES, Grade, grade_code, grade_code_or_name
from kernel.time.clock import BUSINESS_ZONE, business_date
from kernel.time.holidays import CHINA
from services.orders.service_terms import (
    has_urgent_order_left,
    reservation_end,
    reservation_warning_time,
    urgent_quota_week,
    urgent_review_deadline,
)
from services.orders.vocabulary import State


def at(text: str) -> datetime:
    """Return a time such as `2026-11-23 10:00`, a Monday, on the clock of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=BUSINESS_ZONE).astimezone(UTC)


moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: at("2026-01-01 00:00") + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("stage", "grade", "since", "end"),
    [
        (State.IN_REVIEW, Grade.A, "2026-11-23 10:00", "2026-11-26 10:00"),
        (State.IN_REVIEW, Grade.B, "2026-11-23 10:00", "2026-11-25 10:00"),
        (State.IN_REVIEW, Grade.C, "2026-11-23 10:00", "2026-11-24 10:00"),
        (State.CONFIRMED, Grade.A, "2026-11-23 10:00", "2026-12-03 10:00"),
        (State.CONFIRMED, Grade.B, "2026-11-23 10:00", "2026-11-30 10:00"),
        (State.IN_REVIEW, Grade.PROJECT, "2026-11-23 10:00", "2026-11-25 10:00"),
        (State.CONFIRMED, Grade.PROJECT, "2026-11-23 10:00", "2026-12-03 10:00"),
        (State.CONFIRMED, Grade.C, "2026-11-23 10:00", "2026-11-30 10:00"),  # five days end on a Saturday
        (State.IN_REVIEW, Grade.C, "2026-11-27 17:00", "2026-11-30 17:00"),  # a Friday evening
        (State.IN_REVIEW, Grade.C, "2026-09-30 10:00", "2026-10-08 10:00"),  # National Day
        (State.IN_REVIEW, Grade.C, "2026-10-09 10:00", "2026-10-10 10:00"),  # a Saturday worked in exchange
        (State.IN_REVIEW, Grade.C, "2026-11-23 20:30", "2026-11-25 09:00"),  # in the evening
        (State.IN_REVIEW, Grade.C, "2026-11-23 12:30", "2026-11-24 13:30"),  # at lunch
        (State.IN_REVIEW, Grade.C, "2026-11-28 02:50", "2026-11-30 14:30"),  # a Saturday night: no working time before
        (State.IN_REVIEW, Grade.C, "2027-02-04 10:00", "2027-02-12 10:00"),  # Spring Festival
    ],
)
def test_reservation_time_follows_state_and_grade_and_skips_days_off(
    stage: State, grade: Grade, since: str, end: str
) -> None:
    assert reservation_end(stage, grade, at(since), CHINA) == at(end)


@pytest.mark.parametrize("stage", [state for state in State if state not in {State.IN_REVIEW, State.CONFIRMED}])
def test_state_without_reservation_has_no_end(stage: State) -> None:
    assert reservation_end(stage, Grade.A, at("2026-11-23 10:00"), CHINA) is None


@given(moments, st.sampled_from([State.IN_REVIEW, State.CONFIRMED]))
def test_better_grade_never_reserves_shorter(since: datetime, stage: State) -> None:
    ends = {grade: reservation_end(stage, grade, since, CHINA) for grade in Grade}
    # A project is planned, and its goods wait for the site.
    resellers = [end for grade, end in ends.items() if grade is not Grade.PROJECT]
    assert resellers == sorted(resellers, key=lambda end: end or since, reverse=True)
    for grade, end in ends.items():
        hours = GRADES[grade].hours_in_review if stage is State.IN_REVIEW else GRADES[grade].hours_confirmed
        assert end is not None and end - since >= timedelta(hours=hours)
        assert CHINA.is_workday(business_date(end))


@pytest.mark.parametrize(
    ("end", "warned"),
    [
        ("2026-11-26 17:00", "2026-11-26 11:30"),  # over lunch
        ("2026-11-26 10:00", "2026-11-25 15:00"),  # the afternoon before
        ("2026-11-30 09:00", "2026-11-27 14:00"),  # over a weekend
    ],
)
def test_dealer_is_warned_four_working_hours_before_expiry(end: str, warned: str) -> None:
    assert reservation_warning_time(at(end), CHINA) == at(warned)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        *((grade.value, grade) for grade in Grade),
        *((terms.name_zh, grade) for grade, terms in GRADES.items()),
        (" 工程 ", Grade.PROJECT),
    ],
)
def test_grade_is_read_from_code_or_chinese_name(text: str, grade: Grade) -> None:
    assert grade_code_or_name(text) is grade


@given(
    st.one_of(st.text(max_size=6), st.sampled_from(["A级", "VIP", "a", "PROJECT", "Ａ", ""]), st.integers(), st.none())
)
def test_unknown_grade_is_refused_with_the_known_ones(value: object) -> None:
    known = {name for grade, terms in GRADES.items() for name in (grade.value, terms.name_zh)}
    assume(not (isinstance(value, str) and value.strip() in known))
    for read in (grade_code, grade_code_or_name):
        with pytest.raises(PydanticCustomError) as refused:
            read(value)
        assert refused.value.type == "unknown-grade"
        assert all(name in refused.value.message() for name in known)


def test_every_grade_has_terms_and_another_tier() -> None:
    assert GRADES.keys() == set(Grade)
    assert len({terms.tier for terms in GRADES.values()}) == len(GRADES)


@pytest.mark.parametrize(("grade", "allowed"), [(Grade.A, 5), (Grade.B, 3), (Grade.PROJECT, 2), (Grade.C, 1)])
def test_urgent_quota_allows_so_many_orders_a_week(grade: Grade, allowed: int) -> None:
    assert [has_urgent_order_left(grade, already) for already in range(allowed + 2)] == [True] * allowed + [
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2026-11-29 23:59", "2026-W48"),  # a Sunday
        ("2026-11-30 00:00", "2026-W49"),  # Monday in Shanghai, still Sunday in UTC
        ("2027-01-01 12:00", "2026-W53"),  # a week belongs to the year of its Thursday
    ],
)
def test_urgent_week_begins_on_monday_in_shanghai(moment: str, week: str) -> None:
    assert urgent_quota_week(at(moment)) == week


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:30"),
        ("2026-11-23 11:50", "2026-11-23 13:50"),  # over lunch
        ("2026-11-23 23:59", "2026-11-24 09:30"),  # at night
        ("2026-11-27 17:45", "2026-11-30 09:15"),  # over a weekend
    ],
)
def test_urgent_order_is_due_after_half_an_hour_of_work(since: str, due: str) -> None:
    assert urgent_review_deadline(at(since), CHINA) == at(due)
