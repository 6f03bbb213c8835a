"""Service clock: working time used, computed from the states of a ticket and the calendar of Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple

from kernel.time.calendar import Calendar
from services.tickets.vocabulary import RUNNING, State

#: From registration to completion, in business minutes: one working day, or three.
ALLOWED_MINUTES_URGENT = 450
ALLOWED_MINUTES = 3 * 450

_NO_TIME = timedelta()

#: States of a ticket in order, each with its first moment. The registration is first.
StateHistory = Sequence[tuple[datetime, State]]


class ServiceClock(NamedTuple):
    """Working time a ticket has used, and the time it is due.

    `elapsed`: working time in states in which the distributor has to act. `due_at`: the moment at which `elapsed`
    reaches `allowed`, None while the clock is stopped in time. `first_response_at`: first action of the distributor.
    """

    elapsed: timedelta
    allowed: timedelta
    due_at: datetime | None
    first_response_at: datetime | None

    @property
    def allowed_minutes(self) -> int:
        """Whole minutes allowed."""
        return self.allowed // timedelta(minutes=1)

    @property
    def elapsed_minutes(self) -> int:
        """Whole minutes elapsed."""
        return self.elapsed // timedelta(minutes=1)


def compute_service_clock(history: StateHistory, *, urgent: bool, now: datetime, calendar: Calendar) -> ServiceClock:
    """Compute the clock of a ticket.

    Args:
        now: not before the last change of state.
    """
    allowed = timedelta(minutes=ALLOWED_MINUTES_URGENT if urgent else ALLOWED_MINUTES)
    elapsed, due_at = _NO_TIME, None
    ends = [moment for moment, _ in history[1:]]
    for (start, state), end in zip_longest(history, ends):
        if state not in RUNNING:
            continue
        due = calendar.add_working_time(start, allowed - elapsed)
        if due_at is None and (end is None or due < end):
            due_at = due
        elapsed += calendar.working_time(start, end or now)
    responses = (moment for moment, state in history if state is not State.REGISTERED)
    return ServiceClock(elapsed, allowed, due_at, next(responses, None))
