"""State table of a ticket: who may take which action in which state, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.tickets import CostSplit, Part
from kernel.base.problems import NotAllowed, Problem, Refusal
from kernel.http.principal import Role
from services.tickets.vocabulary import _CHINESE, Action, State, _english

#: A dealer may reopen what was finished for so long.
REOPEN_DAYS = 15


#: After so many steps a ticket takes no further loop through ask or reopen: a ticket's history is read whole.
MAX_STEPS = 150


class Transition(NamedTuple):
    """One cell of the table: who may do it, and the state it leads to; None leads back to where the question arose."""

    roles: frozenset[Role]
    leads_to: State | None


#: The dealer's people; accountants only watch.
_CUSTOMER = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})


_DESK = frozenset({Role.ASSISTANT, Role.AFTERSALES, Role.ADMIN})


_AFTERSALES = frozenset({Role.AFTERSALES, Role.ADMIN})


REGISTRANTS = _CUSTOMER


#: Who calls the contact, and so sees the phone number; besides the dealer, whose number it is.
CALLERS = frozenset({Role.AFTERSALES})


#: The workflow. What is not here is not possible.
TRANSITIONS: Mapping[tuple[State, Action], Transition] = {
    (State.REGISTERED, Action.ACCEPT): Transition(_DESK, State.ACCEPTED),
    (State.REGISTERED, Action.ASK): Transition(_DESK, State.NEED_INFO),
    (State.REGISTERED, Action.REJECT): Transition(_DESK, State.REJECTED),
    (State.ACCEPTED, Action.REVIEW): Transition(_AFTERSALES, State.REVIEWED),
    (State.ACCEPTED, Action.ASK): Transition(_DESK, State.NEED_INFO),
    (State.ACCEPTED, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.REVIEWED, Action.DISPATCH): Transition(_AFTERSALES, State.DISPATCHED),
    (State.REVIEWED, Action.ASK): Transition(_AFTERSALES, State.NEED_INFO),
    (State.REVIEWED, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.DISPATCHED, Action.COMPLETE): Transition(_AFTERSALES, State.COMPLETED),
    (State.DISPATCHED, Action.ASK): Transition(_AFTERSALES, State.NEED_INFO),
    (State.NEED_INFO, Action.ANSWER): Transition(_CUSTOMER, None),
    (State.NEED_INFO, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
    (State.COMPLETED, Action.RATE): Transition(_CUSTOMER, State.COMPLETED),
    (State.COMPLETED, Action.REOPEN): Transition(_CUSTOMER, State.REOPENED),
    (State.REJECTED, Action.REOPEN): Transition(_CUSTOMER, State.REOPENED),
    (State.REOPENED, Action.ACCEPT): Transition(_DESK, State.ACCEPTED),
    (State.REOPENED, Action.ASK): Transition(_DESK, State.NEED_INFO),
    (State.REOPENED, Action.REJECT): Transition(_AFTERSALES, State.REJECTED),
}


def roles_allowed(action: Action) -> frozenset[Role]:
    """Every role that may do this in some state."""
    return frozenset(role for (_, possible), rule in TRANSITIONS.items() if possible is action for role in rule.roles)


@dataclass(frozen=True)
class TicketStatus:
    """How a ticket stands.

    `steps` counts everything that happened to it; `asked_in` is the state a pending question arose in; `finished_at` is
    set while it is completed or rejected; `rating` (1-5) is the dealer's of the last completion.
    """

    state: State
    steps: int
    asked_in: State | None = None
    finished_at: datetime | None = None
    assignee: str = ""
    rating: int | None = None


class StepInput(NamedTuple):
    """What came with an action: `note` is for the other side, `internal_note` for the distributor's people alone."""

    note: str = ""
    internal_note: str = ""
    expected_at: datetime | None = None
    assignee: str = ""
    parts: tuple[Part, ...] = ()
    cost: CostSplit | None = None
    rating: int | None = None


class WrongState(Refusal):
    """Not possible in the state the ticket is in."""

    def __init__(self, state: State) -> None:
        detail = (
            f"工单{_CHINESE[state]},不能这样操作 / the ticket is {_english(state)}; its 'actions' say what can be done"
        )
        super().__init__("wrong-state", detail, state=state)


def apply_action(
    standing: TicketStatus, action: Action, said: StepInput, roles: frozenset[Role], now: datetime
) -> TicketStatus:
    """How the ticket stands after the action.

    Raises:
        WrongState: the action is not possible in this state.
        NotAllowed: none of the roles may do it.
        Refusal: too late to reopen, rated already, or too many steps.
    """
    if refused := refusal_of(standing, action, roles, now):
        raise refused
    state = TRANSITIONS[standing.state, action].leads_to or standing.asked_in
    assert state, "a question always arose somewhere"
    after = replace(standing, state=state, steps=standing.steps + 1, asked_in=None)
    match action:
        case Action.ASK:
            return replace(after, asked_in=standing.state)
        case Action.DISPATCH:
            return replace(after, assignee=said.assignee)
        case Action.COMPLETE | Action.REJECT:
            return replace(after, finished_at=now)
        case Action.RATE:
            return replace(after, rating=said.rating)
        case Action.REOPEN:
            return TicketStatus(state, after.steps)
    return after


def refusal_of(standing: TicketStatus, action: Action, roles: frozenset[Role], now: datetime) -> Problem | None:
    """Why these roles cannot do this now; None if they can."""
    rule = TRANSITIONS.get((standing.state, action))
    if rule is None:
        return WrongState(standing.state)
    if not roles & rule.roles:
        return NotAllowed()
    if action is Action.RATE and standing.rating is not None:
        return Refusal(
            "already-rated", "已评价过 / this ticket is rated already; reopen it if something is still wrong"
        )
    if action is Action.REOPEN and standing.finished_at and now - standing.finished_at > timedelta(days=REOPEN_DAYS):
        detail = (
            f"结束已超过 {REOPEN_DAYS} 天,请新建工单 / finished more than {REOPEN_DAYS} days ago; register a new ticket"
        )
        return Refusal("reopen-window-closed", detail)
    if action in (Action.ASK, Action.REOPEN) and standing.steps >= MAX_STEPS:
        return Refusal("too-many-steps", "此工单记录过长,请新建工单 / this ticket is too long; register a new one")
    return None


def possible_actions(standing: TicketStatus, roles: frozenset[Role], now: datetime) -> list[Action]:
    """What these roles can do now."""
    return [action for action in Action if refusal_of(standing, action, roles, now) is None]
