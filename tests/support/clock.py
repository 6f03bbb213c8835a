"""Clock of the in-process system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: 10:00 in Shanghai.
MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Clock:
    """Time of the world. Each reading takes a millisecond, so a later event has a later time."""

    def __init__(self) -> None:
        self.moment = MONDAY_MORNING

    def read(self) -> datetime:
        """Return the time, and advance it by a millisecond."""
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def advance(self, **by: float) -> None:
        """Advance the time: `advance(hours=2)`."""
        self.moment += timedelta(**by)

    def set(self, moment: datetime) -> None:
        """Set the time; `moment` is aware."""
        self.moment = moment.astimezone(UTC)
