"""Until when pieces stay held for an order."""

from __future__ import annotations

from datetime import datetime

from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.domain import State
from services.orders.terms import grade_of, reservation_ends


def reserved_until(stage: State, grade: str, since: datetime) -> str | None:
    """When what is held goes back if the order stays in this stage, by the terms of the dealer's grade; as a stamp."""
    ends = reservation_ends(stage, grade_of(grade), since, CHINA)
    return clock.stamp(ends) if ends else None
