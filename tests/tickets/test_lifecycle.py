"""State table of a ticket, cell by cell, and the rules of steps."""

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
    promised_time_problems,
    roles_allowed,
)
from services.tickets.vocabulary import FINISHED, RUNNING, STEP_OF_ACTION, WAITING, Action, State, Step, label

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

#: The workflow, written independently of the code. d: service desk (assistant, aftersales, admin); a: aftersales and
#: admin; c: dealer's administrator and buyer; -: not allowed.
EXPECTED_TABLE = """
             accept review dispatch reassign complete reject withdraw ask answer reopen rate
registered   d      -      -        -        -        d      c        d   -      -      -
accepted     -      a      -        -        -        a      c        d   -      -      -
reviewed     -      -      a        -        -        a      c        a   -      -      -
dispatched   -      -      -        a        a        -      c        a   -      -      -
need_info    -      -      -        -        -        a      c        -   c      -      -
completed    -      -      -        -        -        -      -        -   -      c      c
rejected     -      -      -        -        -        -      -        -   -      c      -
withdrawn    -      -      -        -        -        -      -        -   -      c      -
reopened     d      -      -        -        -        a      c        d   -      -      -
"""
ROLES = {
    "d": {Role.ASSISTANT, Role.AFTERSALES, Role.ADMIN},
    "a": {Role.AFTERSALES, Role.ADMIN},
    "c": {Role.DEALER_ADMIN, Role.DEALER_BUYER},
    "-": set[Role](),
}
#: State after every action; an answer leads back to the state of the question.
LEADS_TO = {
    Action.ACCEPT: State.ACCEPTED,
    Action.REVIEW: State.REVIEWED,
    Action.DISPATCH: State.DISPATCHED,
    Action.REASSIGN: State.DISPATCHED,
    Action.COMPLETE: State.COMPLETED,
    Action.REJECT: State.REJECTED,
    Action.WITHDRAW: State.WITHDRAWN,
    Action.ASK: State.NEED_INFO,
    Action.REOPEN: State.REOPENED,
    Action.RATE: State.COMPLETED,
}


def _expected_cells() -> dict[tuple[State, Action], str]:
    head, *rows = [line.split() for line in EXPECTED_TABLE.strip().splitlines()]
    return {(State(row[0]), Action(action)): cell for row in rows for action, cell in zip(head, row[1:], strict=True)}


def _status(state: State, **more: object) -> TicketStatus:
    asked_in = State.REVIEWED if state is State.NEED_INFO else None
    finished_at = NOW if state in FINISHED else None
    return TicketStatus(**{"state": state, "steps": 5, "asked_in": asked_in, "finished_at": finished_at, **more})  # type: ignore[arg-type]


def _outcome(status: TicketStatus, action: Action, roles: set[Role], now: datetime = NOW) -> TicketStatus | Problem:
    step_input = StepInput(assignee="张工", rating=5)
    try:
        return apply_action(status, action, step_input, frozenset(roles), now)
    except Problem as problem:
        return problem


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_state_table_equals_the_expected_table(state: State, action: Action) -> None:
    cell = _expected_cells()[state, action]
    for role in Role:
        outcome = _outcome(_status(state), action, {role})
        if cell == "-":
            assert isinstance(outcome, WrongState), (state, action, role)
        elif role not in ROLES[cell]:
            assert isinstance(outcome, NotAllowed), (state, action, role)
        else:
            assert isinstance(outcome, TicketStatus), (state, action, role)
            assert outcome.state is LEADS_TO.get(action, State.REVIEWED)
            assert outcome.steps == 6


def test_routes_admit_exactly_roles_that_may_act_in_some_state() -> None:
    for action in Action:
        cells = {cell for (_, possible), cell in _expected_cells().items() if possible is action}
        assert roles_allowed(action) == set().union(*(ROLES[cell] for cell in cells))
    assert all(roles_allowed(action) <= STAFF_ROLES or roles_allowed(action) <= DEALER_ROLES for action in Action)


def test_possible_actions_are_exactly_those_that_succeed() -> None:
    for state, role in product(State, Role):
        offered = possible_actions(_status(state), frozenset({role}), NOW)
        assert offered == [
            action for action in Action if isinstance(_outcome(_status(state), action, {role}), TicketStatus)
        ]


def test_ticket_can_be_finished_from_every_state() -> None:
    reachable = {
        state: {transition.leads_to for (start, _), transition in TRANSITIONS.items() if start is state}
        for state in State
    }
    for state in WAITING:
        seen, unvisited = {state}, [state]
        while unvisited:
            for following in reachable[unvisited.pop()] - seen - {None}:
                assert following is not None
                seen.add(following)
                unvisited.append(following)
        assert seen & FINISHED


@pytest.mark.parametrize(
    "asked_in", [State.REGISTERED, State.ACCEPTED, State.REVIEWED, State.DISPATCHED, State.REOPENED]
)
def test_answer_leads_back_to_the_state_of_the_question(asked_in: State) -> None:
    asked = _outcome(_status(asked_in), Action.ASK, {Role.AFTERSALES})
    assert isinstance(asked, TicketStatus) and asked.asked_in is asked_in
    answered = _outcome(asked, Action.ANSWER, {Role.DEALER_BUYER})
    assert isinstance(answered, TicketStatus)
    assert (answered.state, answered.asked_in) == (asked_in, None)


def test_question_keeps_the_assignee() -> None:
    asked = _outcome(_status(State.DISPATCHED, assignee="张工"), Action.ASK, {Role.AFTERSALES})
    assert isinstance(asked, TicketStatus) and asked.assignee == "张工"


def test_reassignment_replaces_the_assignee_only() -> None:
    before = _status(State.DISPATCHED, assignee="李工")
    after = _outcome(before, Action.REASSIGN, {Role.AFTERSALES})
    assert isinstance(after, TicketStatus)
    assert (after.state, after.assignee) == (State.DISPATCHED, "张工")


def test_ticket_can_be_withdrawn_until_it_is_finished() -> None:
    for state in State:
        outcome = _outcome(_status(state), Action.WITHDRAW, {Role.DEALER_BUYER})
        assert isinstance(outcome, TicketStatus) == (state in WAITING)


def test_reopening_is_allowed_until_its_last_day() -> None:
    last_moment = NOW + timedelta(days=REOPEN_DAYS)
    for state in FINISHED:
        assert isinstance(_outcome(_status(state), Action.REOPEN, {Role.DEALER_ADMIN}, last_moment), TicketStatus)
        late = _outcome(_status(state), Action.REOPEN, {Role.DEALER_ADMIN}, last_moment + timedelta(seconds=1))
        assert isinstance(late, Refusal) and late.code == "reopen-window-closed"


def test_each_completion_is_rated_once() -> None:
    rated = _outcome(_status(State.COMPLETED), Action.RATE, {Role.DEALER_BUYER})
    assert isinstance(rated, TicketStatus) and rated.rating == 5 and rated.finished_at == NOW
    again = _outcome(rated, Action.RATE, {Role.DEALER_BUYER})
    assert isinstance(again, Refusal) and again.code == "already-rated"
    reopened = _outcome(rated, Action.REOPEN, {Role.DEALER_BUYER})
    assert isinstance(reopened, TicketStatus)
    assert (reopened.rating, reopened.finished_at, reopened.assignee) == (None, None, "")


def test_rating_keeps_the_start_of_the_reopen_window() -> None:
    rated = _outcome(_status(State.COMPLETED), Action.RATE, {Role.DEALER_BUYER}, NOW + timedelta(days=10))
    assert isinstance(rated, TicketStatus) and rated.finished_at == NOW


def test_ticket_of_too_many_steps_can_only_be_finished() -> None:
    for state, action, role in [
        (State.ACCEPTED, Action.ASK, Role.AFTERSALES),
        (State.COMPLETED, Action.REOPEN, Role.DEALER_BUYER),
        (State.DISPATCHED, Action.REASSIGN, Role.AFTERSALES),
    ]:
        refused = _outcome(_status(state, steps=MAX_STEPS), action, {role})
        assert isinstance(refused, Refusal) and refused.code == "too-many-steps"
    assert isinstance(
        _outcome(_status(State.DISPATCHED, steps=MAX_STEPS), Action.COMPLETE, {Role.AFTERSALES}), TicketStatus
    )


@given(st.lists(st.tuples(st.sampled_from(list(Action)), st.sampled_from(list(Role))), max_size=60))
def test_status_keeps_invariants_under_any_actions(attempts: list[tuple[Action, Role]]) -> None:
    status, steps = TicketStatus(State.REGISTERED, steps=1), 1
    for action, role in attempts:
        outcome = _outcome(status, action, {role})
        if isinstance(outcome, TicketStatus):
            status, steps = outcome, steps + 1
        assert status.steps == steps
        assert (status.asked_in is not None) == (status.state is State.NEED_INFO)
        assert (status.finished_at is not None) == (status.state in FINISHED)
        assert status.rating is None or status.state is State.COMPLETED


def test_every_state_is_either_waiting_or_finished() -> None:
    assert set(State) == WAITING | FINISHED and not WAITING & FINISHED
    assert WAITING - {State.NEED_INFO} == RUNNING
    assert set(STEP_OF_ACTION) == set(Action)


def test_labels_are_in_chinese_and_in_english() -> None:
    for word in [*State, *Step]:
        assert label(word).zh and not label(word).zh.isascii()
        assert label(word).en and label(word).en.isascii()


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
def test_promised_time_must_be_within_the_next_year(expected_at: datetime | None, accepted: bool) -> None:
    assert (promised_time_problems("visit_at", expected_at, NOW) == []) is accepted
