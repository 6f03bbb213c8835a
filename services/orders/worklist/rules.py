"""Rules of the worklist: what waits for a person at an order, since when, until when, and who may do it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from kernel.http.principal import STAFF_ROLES, Role
from kernel.time.calendar import Calendar
from kernel.time.clock import business_date, parse_stamp
from services.orders.order.items import HeaderItem
from services.orders.order.lifecycle import HOLD_RELEASERS, Action, roles_allowed
from services.orders.service_terms import same_day_deadline, urgent_review_deadline
from services.orders.ship_days import last_departure
from services.orders.vocabulary import Hold, State


class TaskKind(StrEnum):
    """Kind of task at an order."""

    REVIEW = "review"
    CREDIT_HOLD = "credit_hold"
    SHIPMENT = "shipment"
    RESERVATION_EXPIRY = "reservation_expiry"


#: Staff who may do a task of each kind. A reservation that ends is extended, or used by the next step of the order.
TASK_ROLES = {
    TaskKind.REVIEW: roles_allowed(Action.APPROVE),
    TaskKind.CREDIT_HOLD: HOLD_RELEASERS[Hold.CREDIT],
    TaskKind.SHIPMENT: roles_allowed(Action.SHIP),
    TaskKind.RESERVATION_EXPIRY: roles_allowed(Action.EXTEND_RESERVATION) & STAFF_ROLES,
}


class Task(NamedTuple):
    """Task that waits for a person since a moment, and is due at another one."""

    kind: TaskKind
    since: datetime
    due: datetime

    @property
    def roles(self) -> frozenset[Role]:
        """Roles that may do it."""
        return TASK_ROLES[self.kind]


def tasks_of(header: HeaderItem, now: datetime, calendar: Calendar) -> Iterator[Task]:
    """Yield what waits for a person at an order in review or confirmed.

    An order on credit hold waits for finance only. Every order is handled on the working day on which it came, urgent
    ones within their own time. A shipment waits from its promised day on, a reservation on the day on which it ends.
    """
    in_review, today = header.state == State.IN_REVIEW, business_date(now)
    came = parse_stamp((None if in_review else header.decided_at) or header.visible_at or header.submitted_at)
    if header.is_on_credit_hold:
        since = parse_stamp(header.credit_held_at) if header.credit_held_at else came
        yield Task(TaskKind.CREDIT_HOLD, since, same_day_deadline(since, calendar))
        return
    if in_review:
        since = max(came, parse_stamp(header.wants_stock_since))
        deadline = urgent_review_deadline if header.urgent else same_day_deadline
        yield Task(TaskKind.REVIEW, since, deadline(since, calendar))
    elif header.reserved and header.promised_on and header.promised_on <= today.isoformat():
        yield Task(TaskKind.SHIPMENT, came, last_departure(header.promised_on))
    if header.reserved and header.reserved_until:
        ends = parse_stamp(header.reserved_until)
        if business_date(ends) <= today:
            yield Task(TaskKind.RESERVATION_EXPIRY, came, ends)


def ended_working_day(now: datetime, calendar: Calendar) -> date | None:
    """Return today if it is a working day whose business hours are over, else None."""
    today = business_date(now)
    shifts = calendar.business_hours(today)
    return today if shifts and shifts[-1][1] <= now else None


def is_due_by(task: Task, day: date) -> bool:
    """Return whether a task was to be done on the day or before."""
    return business_date(task.due) <= day


def states_with(kind: TaskKind | None) -> list[State]:
    """Return the states in which an order may have a task of this kind, or any task."""
    if kind is TaskKind.REVIEW:
        return [State.IN_REVIEW]
    return [State.CONFIRMED] if kind is TaskKind.SHIPMENT else [State.IN_REVIEW, State.CONFIRMED]
