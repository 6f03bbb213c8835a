"""Rules of objections: the acts that a dealer may object to, and the staff role that answers."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from contracts.dealers import DealerTermsChanged
from contracts.orders import (
    OrderCreditHoldPlaced,
    OrderLinesCancelled,
    OrderPiecesMissing,
    OrderReservationExpired,
    OrderShipmentVoided,
)
from contracts.price_events import DealerPricesScheduled, DealerPricesWithdrawn
from contracts.reconciliation import JournalReversed
from kernel.base.problems import FieldProblem, Refusal
from kernel.http.principal import Role
from kernel.messaging.events import Event


class Owner(StrEnum):
    """Staff role that answers an objection: finance about money, assistants about goods, administrators about terms."""

    FINANCE = "finance"
    ASSISTANT = "assistant"
    ADMIN = "admin"


OWNER_ROLES = frozenset(Role(owner) for owner in Owner)


class ObjectionState(StrEnum):
    """State of an objection: open -> answered. There is one answer."""

    OPEN = "open"
    ANSWERED = "answered"


#: Names of the states, Chinese and English.
OBJECTION_STATES = {ObjectionState.OPEN: ("待答复", "open"), ObjectionState.ANSWERED: ("已答复", "answered")}


class Act(NamedTuple):
    """An act of head office on a dealer's money, goods or terms, and the role that answers an objection to it."""

    owner: Owner
    name_zh: str
    name_en: str


_ACTS: dict[type[Event], Act] = {
    DealerTermsChanged: Act(Owner.ADMIN, "合作条件变更", "change of terms"),
    DealerPricesScheduled: Act(Owner.ADMIN, "新价格表版本", "price list version"),
    DealerPricesWithdrawn: Act(Owner.ADMIN, "价格表版本撤回", "withdrawn price list version"),
    JournalReversed: Act(Owner.FINANCE, "冲销", "reversal"),
    OrderCreditHoldPlaced: Act(Owner.FINANCE, "信用冻结", "credit hold"),
    OrderShipmentVoided: Act(Owner.ASSISTANT, "作废发货", "voided shipment"),
    OrderPiecesMissing: Act(Owner.ASSISTANT, "实物短缺", "loss of reserved pieces"),
    OrderReservationExpired: Act(Owner.ASSISTANT, "预留到期", "expired reservation"),
    OrderLinesCancelled: Act(Owner.ASSISTANT, "取消订单行", "cancellation of lines"),
}
#: Acts that a dealer may object to, by event type.
ACTS = {event.TYPE: act for event, act in _ACTS.items()}


def unknown_event_problem() -> FieldProblem:
    """Return the problem of an event id that names no recent event that the caller may read."""
    detail = (
        "30 天内没有您的这个事件,请核对站内消息中的事件编号 / "
        "you have no such event within 30 days; check the event id in your inbox message"
    )
    return FieldProblem(field="event_id", code="unknown-event", detail=detail)


def no_objection_problem() -> FieldProblem:
    """Return the problem of an event that is no act of head office; it names the acts."""
    names_zh, names_en = (
        "、".join(act.name_zh for act in ACTS.values()),
        ", ".join(act.name_en for act in ACTS.values()),
    )
    detail = f"只能对以下事项提出异议:{names_zh} / objections are possible to: {names_en}"
    return FieldProblem(field="event_id", code="no-objection-possible", detail=detail)


class AlreadyRaised(Refusal):
    """The dealer has objected to the event before."""

    def __init__(self, objection_id: str) -> None:
        detail = (
            f"已就此事提出异议 {objection_id},请查看其答复 / "
            f"objection {objection_id} is about the same event; look at its answer"
        )
        super().__init__("already-raised", detail, objection_id=objection_id)


class AlreadyAnswered(Refusal):
    """The objection has its answer."""

    def __init__(self, answered_by: str) -> None:
        detail = f"{answered_by} 已答复,每件异议只答复一次 / {answered_by} has answered; an objection has one answer"
        super().__init__("already-answered", detail)
