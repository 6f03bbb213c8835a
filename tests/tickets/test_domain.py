"""Who may do what to a ticket, and when: the whole table, cell by cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base.problems import NotAllowed, Problem, Refusal
from kernel.http.principal import DEALER_ROLES, STAFF_ROLES, Role
from services.tickets.lifecycle import (
    MAX_STEPS,
    REOPEN_DAYS,
    TRANSITIONS,
    StepInput,
    TicketStatus,
    WrongState,
    apply_action,
    possible_actions,
    roles_allowed,
)
from services.tickets.take_step import promise_problem
from services.tickets.vocabulary import DONE, FINISHED, RUNNING, WAITING, Action, State, Step, label

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

#: The workflow as the after-sales department would pin it to the wall. d: the desk (assistant, aftersales, admin);
#: a: aftersales and admin; c: the customer (dealer's admin and buyer); -: impossible.
WALL = """
             accept review dispatch complete reject ask answer reopen rate
registered   d      -      -        -        d      d   -      -      -
accepted     -      a      -        -        a      d   -      -      -
reviewed     -      -      a        -        a      a   -      -      -
dispatched   -      -      -        a        -      a   -      -      -
need_info    -      -      -        -        a      -   c      -      -
completed    -      -      -        -        -      -   -      c      c
rejected     -      -      -        -        -      -   -      c      -
reopened     d      -      -        -        a      d   -      -      -
"""
WHO = {
    "d": {Role.ASSISTANT, Role.AFTERSALES, Role.ADMIN},
    "a": {Role.AFTERSALES, Role.ADMIN},
    "c": {Role.DEALER_ADMIN, Role.DEALER_BUYER},
    "-": set[Role](),
}
#: Where every action leads; an answer leads back to where the question arose.
LEADS_TO = {
    Action.ACCEPT: State.ACCEPTED,
    Action.REVIEW: State.REVIEWED,
    Action.DISPATCH: State.DISPATCHED,
    Action.COMPLETE: State.COMPLETED,
    Action.REJECT: State.REJECTED,
    Action.ASK: State.NEED_INFO,
    Action.REOPEN: State.REOPENED,
    Action.RATE: State.COMPLETED,
}


def _wall() -> dict[tuple[State, Action], str]:
    head, *rows = [line.split() for line in WALL.strip().splitlines()]
    return {(State(row[0]), Action(action)): cell for row in rows for action, cell in zip(head, row[1:], strict=True)}


def _standing(state: State, **more: object) -> TicketStatus:
    asked_in = State.REVIEWED if state is State.NEED_INFO else None
    finished_at = NOW if state in FINISHED else None
    return TicketStatus(**{"state": state, "steps": 5, "asked_in": asked_in, "finished_at": finished_at, **more})  # type: ignore[arg-type]


def _outcome(standing: TicketStatus, action: Action, roles: set[Role], now: datetime = NOW) -> TicketStatus | Problem:
    said = StepInput(assignee="张工", rating=5)
    try:
        return apply_action(standing, action, said, frozenset(roles), now)
    except Problem as refused:
        return refused


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_every_cell_of_the_table_is_as_it_hangs_on_the_wall(state: State, action: Action) -> None:
    cell = _wall()[state, action]
    for role in Role:
        outcome = _outcome(_standing(state), action, {role})
        if cell == "-":
            assert isinstance(outcome, WrongState), (state, action, role)
        elif role not in WHO[cell]:
            assert isinstance(outcome, NotAllowed), (state, action, role)
        else:
            assert isinstance(outcome, TicketStatus), (state, action, role)
            assert outcome.state is LEADS_TO.get(action, State.REVIEWED)
            assert outcome.steps == 6


def test_routes_let_in_every_role_that_may_act_in_some_state_and_no_other() -> None:
    for action in Action:
        cells = {cell for (_, possible), cell in _wall().items() if possible is action}
        assert roles_allowed(action) == set().union(*(WHO[cell] for cell in cells))
    assert all(roles_allowed(action) <= STAFF_ROLES or roles_allowed(action) <= DEALER_ROLES for action in Action)


def test_what_is_offered_is_exactly_what_is_possible() -> None:
    for state, role in product(State, Role):
        offered = possible_actions(_standing(state), frozenset({role}), NOW)
        assert offered == [
            action for action in Action if isinstance(_outcome(_standing(state), action, {role}), TicketStatus)
        ]


def test_from_every_state_a_ticket_can_still_be_finished() -> None:
    reachable = {
        state: {rule.leads_to for (start, _), rule in TRANSITIONS.items() if start is state} for state in State
    }
    for state in WAITING:
        seen, ahead = {state}, [state]
        while ahead:
            for following in reachable[ahead.pop()] - seen - {None}:
                assert following is not None
                seen.add(following)
                ahead.append(following)
        assert seen & FINISHED


@pytest.mark.parametrize(
    "asked_in", [State.REGISTERED, State.ACCEPTED, State.REVIEWED, State.DISPATCHED, State.REOPENED]
)
def test_an_answer_leads_back_to_where_the_question_arose(asked_in: State) -> None:
    asked = _outcome(_standing(asked_in), Action.ASK, {Role.AFTERSALES})
    assert isinstance(asked, TicketStatus) and asked.asked_in is asked_in
    answered = _outcome(asked, Action.ANSWER, {Role.DEALER_BUYER})
    assert isinstance(answered, TicketStatus)
    assert (answered.state, answered.asked_in) == (asked_in, None)


def test_a_question_does_not_make_the_technician_forgotten() -> None:
    asked = _outcome(_standing(State.DISPATCHED, assignee="张工"), Action.ASK, {Role.AFTERSALES})
    assert isinstance(asked, TicketStatus) and asked.assignee == "张工"


def test_reopening_ends_with_its_last_day() -> None:
    last_moment = NOW + timedelta(days=REOPEN_DAYS)
    for state in FINISHED:
        assert isinstance(_outcome(_standing(state), Action.REOPEN, {Role.DEALER_ADMIN}, last_moment), TicketStatus)
        late = _outcome(_standing(state), Action.REOPEN, {Role.DEALER_ADMIN}, last_moment + timedelta(seconds=1))
        assert isinstance(late, Refusal) and late.code == "reopen-window-closed"


def test_a_completion_is_rated_once_and_the_next_completion_again() -> None:
    rated = _outcome(_standing(State.COMPLETED), Action.RATE, {Role.DEALER_BUYER})
    assert isinstance(rated, TicketStatus) and rated.rating == 5 and rated.finished_at == NOW
    again = _outcome(rated, Action.RATE, {Role.DEALER_BUYER})
    assert isinstance(again, Refusal) and again.code == "already-rated"
    reopened = _outcome(rated, Action.REOPEN, {Role.DEALER_BUYER})
    assert isinstance(reopened, TicketStatus)
    assert (reopened.rating, reopened.finished_at, reopened.assignee) == (None, None, "")


def test_rating_does_not_prolong_the_days_for_reopening() -> None:
    rated = _outcome(_standing(State.COMPLETED), Action.RATE, {Role.DEALER_BUYER}, NOW + timedelta(days=10))
    assert isinstance(rated, TicketStatus) and rated.finished_at == NOW


def test_a_ticket_grown_too_long_takes_no_more_loops_but_can_be_finished() -> None:
    long = {"steps": MAX_STEPS}
    for state, action, role in [
        (State.ACCEPTED, Action.ASK, Role.AFTERSALES),
        (State.COMPLETED, Action.REOPEN, Role.DEALER_BUYER),
    ]:
        refused = _outcome(_standing(state, **long), action, {role})
        assert isinstance(refused, Refusal) and refused.code == "too-many-steps"
    assert isinstance(_outcome(_standing(State.DISPATCHED, **long), Action.COMPLETE, {Role.AFTERSALES}), TicketStatus)


@given(st.lists(st.tuples(st.sampled_from(list(Action)), st.sampled_from(list(Role))), max_size=60))
def test_whatever_people_try_a_ticket_keeps_its_invariants(tries: list[tuple[Action, Role]]) -> None:
    standing, done = TicketStatus(State.REGISTERED, steps=1), 1
    for action, role in tries:
        outcome = _outcome(standing, action, {role})
        if isinstance(outcome, TicketStatus):
            standing, done = outcome, done + 1
        assert standing.steps == done
        assert (standing.asked_in is not None) == (standing.state is State.NEED_INFO)
        assert (standing.finished_at is not None) == (standing.state in FINISHED)
        assert standing.rating is None or standing.state is State.COMPLETED


def test_states_divide_into_those_that_wait_and_those_that_are_finished() -> None:
    assert set(State) == WAITING | FINISHED and not WAITING & FINISHED
    assert WAITING - {State.NEED_INFO} == RUNNING
    assert set(DONE) == set(Action)


def test_every_word_of_the_timeline_is_chinese_first() -> None:
    for word in [*State, *Step]:
        chinese, _, english = label(word).partition(" / ")
        assert chinese and not chinese.isascii() and english.isascii()


@pytest.mark.parametrize(
    ("expected_at", "accepted"),
    [
        (None, True),
        (NOW + timedelta(hours=1), True),
        (NOW + timedelta(days=365), True),
        (NOW, False),
        (NOW - timedelta(seconds=1), False),
        (NOW + timedelta(days=366), False),
        (datetime.fromisoformat("9999-12-31T23:59:59-12:00"), False),
        (datetime.fromisoformat("0001-01-01T00:00:00+12:00"), False),
    ],
)
def test_a_promise_lies_ahead_within_a_year(expected_at: datetime | None, accepted: bool) -> None:
    assert (promise_problem("visit_at", expected_at, NOW) == []) is accepted
