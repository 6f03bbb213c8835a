"""The one source of time. Tests and simulations replace `now`; rules receive moments as arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

#: The zone in which business days and months begin and end.
BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")

_read: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _read()


def set_clock(read: Callable[[], datetime] | None) -> None:
    """Replace the clock (tests), or restore the real one with None."""
    global _read
    _read = read or (lambda: datetime.now(UTC))


def stamp(moment: datetime | None = None) -> str:
    """ISO 8601 in UTC with milliseconds and Z; sorts as text in the order of time."""
    return (moment or now()).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    """The moment a `stamp` names."""
    return datetime.fromisoformat(text)


def business_date(moment: datetime) -> date:
    """The calendar day in the business zone on which the moment falls."""
    return moment.astimezone(BUSINESS_ZONE).date()


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970, as DynamoDB's time to live wants them."""
    return int(moment.timestamp())
