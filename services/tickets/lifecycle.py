"""State table of a ticket: which roles may take which action in which state, and the next state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.tickets import CostSplit, Part
from kernel.base.problems import FieldProblem, NotAllowed, Problem, Refusal
from kernel.http.principal import Role
from services.tickets.vocabulary import WAITING, Action, State, chinese_name, english_name

#: Days after the end of a ticket in which the dealer may reopen it.
REOPEN_DAYS = 15
#: A ticket of so many steps takes no further ask, reassignment or reopening, because its whole history is read at once.
MAX_STEPS = 150
#: Actions that a ticket can take any number of times.
_REPEATABLE = frozenset({Action.ASK, Action.REASSIGN, Action.REOPEN})
#: Longest time from a step to the time it promises.
_LONGEST_PROMISE = timedelta(days=365)


class Transition(NamedTuple):
    """One cell of the state table: roles that may take the action, and the state it leads to.

    `leads_to` None: back to the state in which the question was asked.
    """

    roles: frozenset[Role]
    leads_to: State | None


#: Users of the dealer who may act; accountants only read.
_DEALER = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})
_SERVICE_DESK = frozenset({Role.ASSISTANT, Role.AFTERSALES, Role.ADMIN})
_AFTERSALES = frozenset({Role.AFTERSALES, Role.ADMIN})

#: Roles that may register a ticket.
REGISTRANTS = _DEALER
#: Staff who call the contact and therefore see the phone number. The dealer, who gave the number, sees it too.
CALLERS = frozenset({Role.AFTERSALES})

#: The workflow. Any other action is refused.
TRANSITIONS: Mapping[tuple[State, Action], Transition] = {
    (State.REGISTERED, Action.ACCEPT): Transition(_SERVICE_DESK, State.ACCEPTED),
    (State.REGISTERED, Action.ASK): Transition(_SERVICE_DESK, State.NEED_INFO),
    (State.REGISTERED, Action.REJECT): Transition(_SERVICE_DESK, State.REJECTED),
    (State.ACCEPTED, Action.REVIEW): Transition(_AFTERSALES, State.REVIEWED),
    (State.ACCEPTED, Action.ASK): Transition(_SERVICE_DESK, State.NEED_INFO),
    (State.ACCEPTED, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.REVIEWED, Action.DISPATCH): Transition(_AFTERSALES, State.DISPATCHED),
    (State.REVIEWED, Action.ASK): Transition(_AFTERSALES, State.NEED_INFO),
    (State.REVIEWED, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.DISPATCHED, Action.REASSIGN): Transition(_AFTERSALES, State.DISPATCHED),
    (State.DISPATCHED, Action.COMPLETE): Transition(_AFTERSALES, State.COMPLETED),
    (State.DISPATCHED, Action.ASK): Transition(_AFTERSALES, State.NEED_INFO),
    (State.NEED_INFO, Action.ANSWER): Transition(_DEALER, None),
    (State.NEED_INFO, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.COMPLETED, Action.RATE): Transition(_DEALER, State.COMPLETED),
    (State.COMPLETED, Action.REOPEN): Transition(_DEALER, State.REOPENED),
    (State.REJECTED, Action.REOPEN): Transition(_DEALER, State.REOPENED),
    (State.REOPENED, Action.ACCEPT): Transition(_SERVICE_DESK, State.ACCEPTED),
    (State.REOPENED, Action.ASK): Transition(_SERVICE_DESK, State.NEED_INFO),
    (State.REOPENED, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.WITHDRAWN, Action.REOPEN): Transition(_DEALER, State.REOPENED),
    # The dealer may no longer need the service at any time before its end.
    **{(state, Action.WITHDRAW): Transition(_DEALER, State.WITHDRAWN) for state in sorted(WAITING)},
}


def roles_allowed(action: Action) -> frozenset[Role]:
    """Return every role that may take the action in some state."""
    return frozenset(
        role for (_, possible), transition in TRANSITIONS.items() if possible is action for role in transition.roles
    )


@dataclass(frozen=True)
class TicketStatus:
    """Status of a ticket.

    `steps` counts all steps so far; `asked_in` is the state in which the open question was asked; `finished_at` is set
    while the ticket is completed, rejected or withdrawn; `rating` (1-5) is the dealer's rating of the last completion.
    """

    state: State
    steps: int
    asked_in: State | None = None
    finished_at: datetime | None = None
    assignee: str = ""
    rating: int | None = None


class StepInput(NamedTuple):
    """Input of an action. `note` is shown to the other side, `internal_note` only to staff."""

    note: str = ""
    internal_note: str = ""
    expected_at: datetime | None = None
    assignee: str = ""
    parts: tuple[Part, ...] = ()
    cost: CostSplit | None = None
    rating: int | None = None


class WrongState(Refusal):
    """The state of the ticket does not allow the action."""

    def __init__(self, state: State) -> None:
        detail = (
            f"工单{chinese_name(state)},不能这样操作 / "
            f"the ticket is {english_name(state)}; its 'actions' list what can be done"
        )
        super().__init__("wrong-state", detail, state=state)


def apply_action(
    status: TicketStatus, action: Action, step_input: StepInput, roles: frozenset[Role], now: datetime
) -> TicketStatus:
    """Return the status after the action.

    Raises:
        WrongState: the state does not allow the action.
        NotAllowed: none of the roles may take the action in this state.
        Refusal: too late to reopen, rated already, or too many steps.
    """
    if problem := action_problem(status, action, roles, now):
        raise problem
    state = TRANSITIONS[status.state, action].leads_to or status.asked_in
    assert state, "every open question has a state in which it was asked"
    after = replace(status, state=state, steps=status.steps + 1, asked_in=None)
    match action:
        case Action.ASK:
            return replace(after, asked_in=status.state)
        case Action.DISPATCH | Action.REASSIGN:
            return replace(after, assignee=step_input.assignee)
        case Action.COMPLETE | Action.REJECT | Action.WITHDRAW:
            return replace(after, finished_at=now)
        case Action.RATE:
            return replace(after, rating=step_input.rating)
        case Action.REOPEN:
            return TicketStatus(state, after.steps)
    return after


def action_problem(status: TicketStatus, action: Action, roles: frozenset[Role], now: datetime) -> Problem | None:
    """Return the problem that prevents these roles from taking the action now; None if they may."""
    transition = TRANSITIONS.get((status.state, action))
    if transition is None:
        return WrongState(status.state)
    if not roles & transition.roles:
        return NotAllowed()
    if action is Action.RATE and status.rating is not None:
        return Refusal(
            "already-rated", "已评价过 / this ticket is rated already; reopen it if something is still wrong"
        )
    if action is Action.REOPEN and status.finished_at and now - status.finished_at > timedelta(days=REOPEN_DAYS):
        detail = (
            f"结束已超过 {REOPEN_DAYS} 天,请新建工单 / finished more than {REOPEN_DAYS} days ago; register a new ticket"
        )
        return Refusal("reopen-window-closed", detail)
    if action in _REPEATABLE and status.steps >= MAX_STEPS:
        return Refusal("too-many-steps", "此工单记录过长,请新建工单 / this ticket is too long; register a new one")
    return None


def possible_actions(status: TicketStatus, roles: frozenset[Role], now: datetime) -> list[Action]:
    """Return the actions that these roles may take now."""
    return [action for action in Action if action_problem(status, action, roles, now) is None]


def promised_time_problems(field: str, promised_at: datetime | None, now: datetime) -> list[FieldProblem]:
    """Return a problem of the field unless the promised time is in the future, at most a year ahead."""
    if promised_at is None or now < promised_at <= now + _LONGEST_PROMISE:
        return []
    days = _LONGEST_PROMISE.days
    detail = f"须在今后 {days} 天内 / must lie within the next {days} days"
    return [FieldProblem(field=field, code="not-ahead", detail=detail)]
