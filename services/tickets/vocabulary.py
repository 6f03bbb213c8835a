"""Words of a service ticket: kinds, states, actions and steps."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.base.labels import Label


class TicketKind(StrEnum):
    """Kind of service: 维修, 退货, 投诉, 安装."""

    REPAIR = "repair"
    RETURN = "return"
    COMPLAINT = "complaint"
    INSTALLATION = "installation"


class State(StrEnum):
    """State of a ticket: 登记 受理 审核 派工 完成 驳回 撤回, 待补充, 重开."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REVIEWED = "reviewed"
    DISPATCHED = "dispatched"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    NEED_INFO = "need_info"
    REOPENED = "reopened"


class Action(StrEnum):
    """Action of a person on a ticket."""

    ACCEPT = "accept"
    REVIEW = "review"
    DISPATCH = "dispatch"
    REASSIGN = "reassign"
    COMPLETE = "complete"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    ASK = "ask"
    ANSWER = "answer"
    REOPEN = "reopen"
    RATE = "rate"


class TicketTask(StrEnum):
    """Action that a ticket waits for from staff."""

    ACCEPT = "accept"
    REVIEW = "review"
    DISPATCH = "dispatch"
    COMPLETE = "complete"


class Step(StrEnum):
    """Entry of a ticket's timeline: an action done, the registration, or the missed due time."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REVIEWED = "reviewed"
    DISPATCHED = "dispatched"
    REASSIGNED = "reassigned"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ASKED = "asked"
    ANSWERED = "answered"
    REOPENED = "reopened"
    RATED = "rated"
    OVERDUE = "overdue"


FINISHED = frozenset({State.COMPLETED, State.REJECTED, State.WITHDRAWN})
#: States in which the distributor or the dealer has to act.
WAITING = frozenset(State) - FINISHED
#: States in which the distributor has to act: the service clock runs.
RUNNING = WAITING - {State.NEED_INFO}

#: Task that a ticket waits for in each state in which the distributor has to act.
TASK_OF_STATE = {
    State.REGISTERED: TicketTask.ACCEPT,
    State.REOPENED: TicketTask.ACCEPT,
    State.ACCEPTED: TicketTask.REVIEW,
    State.REVIEWED: TicketTask.DISPATCH,
    State.DISPATCHED: TicketTask.COMPLETE,
}

#: Step that an action adds to the timeline.
STEP_OF_ACTION = {
    Action.ACCEPT: Step.ACCEPTED,
    Action.REVIEW: Step.REVIEWED,
    Action.DISPATCH: Step.DISPATCHED,
    Action.REASSIGN: Step.REASSIGNED,
    Action.COMPLETE: Step.COMPLETED,
    Action.REJECT: Step.REJECTED,
    Action.WITHDRAW: Step.WITHDRAWN,
    Action.ASK: Step.ASKED,
    Action.ANSWER: Step.ANSWERED,
    Action.REOPEN: Step.REOPENED,
    Action.RATE: Step.RATED,
}

_CHINESE: Mapping[str, str] = {
    "registered": "已登记",
    "accepted": "已受理",
    "reviewed": "已审核",
    "dispatched": "已派工",
    "reassigned": "已改派",
    "completed": "已完成",
    "rejected": "已驳回",
    "withdrawn": "已撤回",
    "need_info": "待补充",
    "reopened": "已重开",
    "asked": "请补充",
    "answered": "已补充",
    "rated": "已评价",
    "overdue": "已超时",
}


def label(word: State | Step) -> Label:
    """Return a state or step as shown to users: `已派工`, `dispatched`."""
    return Label(chinese_name(word), english_name(word))


def chinese_name(word: State | Step) -> str:
    """Return a state or step in Chinese: `已派工`."""
    return _CHINESE[word]


def english_name(word: State | Step) -> str:
    """Return a state or step in English: `dispatched`."""
    return "waiting for an answer" if word == State.NEED_INFO else str(word)
