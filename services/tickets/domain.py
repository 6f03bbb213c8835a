"""The rules of a service ticket: its states, who may do what in which, and how it stands afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from contracts.tickets import CostSplit, Part
from kernel.base.problems import FieldProblem, NotAllowed, Problem, Refusal
from kernel.http.principal import Role

#: A dealer may reopen what was finished for so long.
REOPEN_DAYS = 15
#: After so many steps a ticket takes no further loop through ask or reopen: a ticket's history is read whole.
MAX_STEPS = 150
#: Nobody promises a visit further ahead.
_HORIZON = timedelta(days=365)


class Kind(StrEnum):
    """What a dealer asks for: 维修, 退货, 投诉, 安装."""

    REPAIR = "repair"
    RETURN = "return"
    COMPLAINT = "complaint"
    INSTALLATION = "installation"


class State(StrEnum):
    """Where a ticket stands: 登记 受理 审核 派工 完成 驳回, 待补充, 重开."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REVIEWED = "reviewed"
    DISPATCHED = "dispatched"
    COMPLETED = "completed"
    REJECTED = "rejected"
    NEED_INFO = "need_info"
    REOPENED = "reopened"


class Action(StrEnum):
    """What can be done to a ticket."""

    ACCEPT = "accept"
    REVIEW = "review"
    DISPATCH = "dispatch"
    COMPLETE = "complete"
    REJECT = "reject"
    ASK = "ask"
    ANSWER = "answer"
    REOPEN = "reopen"
    RATE = "rate"


class Step(StrEnum):
    """What happened to a ticket, as its timeline tells."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REVIEWED = "reviewed"
    DISPATCHED = "dispatched"
    COMPLETED = "completed"
    REJECTED = "rejected"
    ASKED = "asked"
    ANSWERED = "answered"
    REOPENED = "reopened"
    RATED = "rated"
    OVERDUE = "overdue"


FINISHED = frozenset({State.COMPLETED, State.REJECTED})
#: In these states somebody still has to do something.
WAITING = frozenset(State) - FINISHED
#: In these states the distributor is the one to act, so the clock runs.
RUNNING = WAITING - {State.NEED_INFO}

DONE = {
    Action.ACCEPT: Step.ACCEPTED,
    Action.REVIEW: Step.REVIEWED,
    Action.DISPATCH: Step.DISPATCHED,
    Action.COMPLETE: Step.COMPLETED,
    Action.REJECT: Step.REJECTED,
    Action.ASK: Step.ASKED,
    Action.ANSWER: Step.ANSWERED,
    Action.REOPEN: Step.REOPENED,
    Action.RATE: Step.RATED,
}


class Rule(NamedTuple):
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
RULES: Mapping[tuple[State, Action], Rule] = {
    (State.REGISTERED, Action.ACCEPT): Rule(_DESK, State.ACCEPTED),
    (State.REGISTERED, Action.ASK): Rule(_DESK, State.NEED_INFO),
    (State.REGISTERED, Action.REJECT): Rule(_DESK, State.REJECTED),
    (State.ACCEPTED, Action.REVIEW): Rule(_AFTERSALES, State.REVIEWED),
    (State.ACCEPTED, Action.ASK): Rule(_DESK, State.NEED_INFO),
    (State.ACCEPTED, Action.REJECT): Rule(_AFTERSALES, State.REJECTED),
    (State.REVIEWED, Action.DISPATCH): Rule(_AFTERSALES, State.DISPATCHED),
    (State.REVIEWED, Action.ASK): Rule(_AFTERSALES, State.NEED_INFO),
    (State.REVIEWED, Action.REJECT): Rule(_AFTERSALES, State.REJECTED),
    (State.DISPATCHED, Action.COMPLETE): Rule(_AFTERSALES, State.COMPLETED),
    (State.DISPATCHED, Action.ASK): Rule(_AFTERSALES, State.NEED_INFO),
    (State.NEED_INFO, Action.ANSWER): Rule(_CUSTOMER, None),
    (State.NEED_INFO, Action.REJECT): Rule(_AFTERSALES, State.REJECTED),
    (State.COMPLETED, Action.RATE): Rule(_CUSTOMER, State.COMPLETED),
    (State.COMPLETED, Action.REOPEN): Rule(_CUSTOMER, State.REOPENED),
    (State.REJECTED, Action.REOPEN): Rule(_CUSTOMER, State.REOPENED),
    (State.REOPENED, Action.ACCEPT): Rule(_DESK, State.ACCEPTED),
    (State.REOPENED, Action.ASK): Rule(_DESK, State.NEED_INFO),
    (State.REOPENED, Action.REJECT): Rule(_AFTERSALES, State.REJECTED),
}


def roles_allowed(action: Action) -> frozenset[Role]:
    """Every role that may do this in some state."""
    return frozenset(role for (_, possible), rule in RULES.items() if possible is action for role in rule.roles)


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


def take(
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
    state = RULES[standing.state, action].leads_to or standing.asked_in
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
    rule = RULES.get((standing.state, action))
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


def promise_problem(field: str, expected_at: datetime | None, now: datetime) -> list[FieldProblem]:
    """A promised time lies ahead, within a year."""
    if expected_at is None or now < expected_at <= now + _HORIZON:
        return []
    detail = f"须在今后 {_HORIZON.days} 天内 / must lie within the next {_HORIZON.days} days"
    return [FieldProblem(field=field, code="not-ahead", detail=detail)]


_CHINESE: Mapping[str, str] = {
    "registered": "已登记",
    "accepted": "已受理",
    "reviewed": "已审核",
    "dispatched": "已派工",
    "completed": "已完成",
    "rejected": "已驳回",
    "need_info": "待补充",
    "reopened": "已重开",
    "asked": "请补充",
    "answered": "已补充",
    "rated": "已评价",
    "overdue": "已超时",
}


def label(word: State | Step) -> str:
    """A state or a step for people: `已派工 / dispatched`."""
    return f"{_CHINESE[word]} / {_english(word)}"


def _english(word: State | Step) -> str:
    return "waiting for an answer" if word == State.NEED_INFO else str(word)
