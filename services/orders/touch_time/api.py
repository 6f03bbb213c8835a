"""Query and answers of touch time."""

from pydantic import Field

from kernel.http.models import Answer, Day, Query


class OrderOpened(Answer):
    """First opening of an order in review by the caller."""

    order_id: str
    opened_at: str


class TouchTimeQuery(Query):
    """Days of the decisions (Asia/Shanghai), both inclusive: at most 92, by default the last 31."""

    from_day: Day | None = Field(None, alias="from")
    to_day: Day | None = Field(None, alias="to")


class TouchTimeFigures(Answer):
    """Touch time of decided orders, in seconds from the first opening by a clerk to the decision.

    `decided`: orders approved or rejected; `opened`: those of them that a clerk had opened, to which the other figures
    refer. `p50_seconds`, `p95_seconds`: rounded up to 5 seconds within a minute, to 30 within ten minutes, to 300
    within an hour, which is the longest.
    `minutes_per_100_orders`: such as `137.5`. Null without any opened order.
    """

    decided: int
    opened: int
    p50_seconds: int | None
    p95_seconds: int | None
    minutes_per_100_orders: str | None


class DayTouchTime(TouchTimeFigures):
    """Touch time of the orders decided on one day (Asia/Shanghai)."""

    day: str


class TouchTimeReport(Answer):
    """Touch time of all days together, and of each day with decisions, oldest first."""

    first_day: str
    last_day: str
    total: TouchTimeFigures
    days: list[DayTouchTime]
