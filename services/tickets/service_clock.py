"""The service clock: a pure function of a ticket's history and the business calendar of Asia/Shanghai."""

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

_NONE = timedelta()

#: What happened to a ticket: when, and in which state it was from then on. In order, the registration first.
History = Sequence[tuple[datetime, State]]


class ServiceClock(NamedTuple):
    """What the clock shows.

    `elapsed`: working time in which the distributor was the one to act; `due_at`: when that used up what is allowed,
    or will if no question to the dealer stops the clock; None while it stands in time; `first_response_at`: when the
    distributor first did something.
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


def read_clock(history: History, *, urgent: bool, now: datetime, calendar: Calendar) -> ServiceClock:
    """The clock of a ticket with this history at a moment not before its last event."""
    allowed = timedelta(minutes=ALLOWED_MINUTES_URGENT if urgent else ALLOWED_MINUTES)
    elapsed, due_at = _NONE, None
    ends = [moment for moment, _ in history[1:]]
    for (start, state), end in zip_longest(history, ends):
        if state not in RUNNING:
            continue
        due = calendar.after(start, allowed - elapsed)
        if due_at is None and (end is None or due < end):
            due_at = due
        elapsed += calendar.worked(start, end or now)
    responses = (moment for moment, state in history if state is not State.REGISTERED)
    return ServiceClock(elapsed, allowed, due_at, next(responses, None))
