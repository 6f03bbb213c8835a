"""The one clock. Tests and simulations replace it; rules get moments as arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

#: The zone in which business days and months begin and end.
BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")

_read: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _read()


def set_clock(read: Callable[[], datetime] | None) -> None:
    """Replace the clock (tests), or restore the real one with None."""
    global _read
    _read = read or (lambda: datetime.now(UTC))


def stamp(moment: datetime | None = None) -> str:
    """Return a moment (default: now) in ISO 8601, UTC, with milliseconds and Z. Sorts as text by time."""
    return (moment or now()).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    """Return the moment of a `stamp`."""
    return datetime.fromisoformat(text)


def business_date(moment: datetime) -> date:
    """Return the day of a moment in the business zone."""
    return moment.astimezone(BUSINESS_ZONE).date()


def business_date_after(moment: datetime, days: int) -> date:
    """Return the day in the business zone so many days after a moment."""
    return business_date(moment) + timedelta(days=days)


def epoch(moment: datetime) -> int:
    """Return whole seconds since 1970, the format of DynamoDB's time to live."""
    return int(moment.timestamp())
