"""The service clock: a pure function of a ticket's history and the business calendar of Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, zip_longest

from kernel.clock import BUSINESS_ZONE, business_date
from services.tickets.domain import RUNNING, State

#: From registration to completion, in business minutes: one working day, or three.
ALLOWED_MINUTES_URGENT = 450
ALLOWED_MINUTES = 3 * 450

_SHIFTS = ((time(9), time(12)), (time(13, 30), time(18)))
_NONE = timedelta()
_SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """When people work: Monday to Friday in two shifts, but for `holidays`, and on the weekend days in `workdays`."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def shifts(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working hours of a day; none on a day off."""
        works = day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)
        if not works:
            return []
        return [(_moment(day, opens), _moment(day, closes)) for opens, closes in _SHIFTS]

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; none if they are in the wrong order."""
        worked = _NONE
        for opens, closes in self._shifts_from(start):
            if opens >= end:
                break
            worked += max(min(closes, end) - max(opens, start), _NONE)
        return worked

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The first moment at which so much working time has passed since `start`."""
        if duration <= _NONE:
            return start
        for opens, closes in self._shifts_from(start):
            begin = max(opens, start)
            if closes - begin >= duration:
                return begin + duration
            duration -= max(closes - begin, _NONE)
        raise AssertionError("working days never end")

    def _shifts_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = business_date(start)
        for days in count():
            yield from self.shifts(first + timedelta(days=days))


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, BUSINESS_ZONE).astimezone(UTC)


#: What happened to a ticket: when, and in which state it was from then on. In order, the registration first.
History = Sequence[tuple[datetime, State]]


@dataclass(frozen=True)
class ServiceClock:
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
