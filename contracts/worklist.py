"""Events of the worklist of orders."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from kernel.messaging.events import Event


class UnhandledOrders(BaseModel):
    """Number of orders with a task of one kind that was due and is not done, and the first of their order ids."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: str
    number: int
    orders: tuple[str, ...]


class DayReported(Event):
    """Published once on the evening of each working day, also when everything was done. Subscribers: notifications.

    `day`: ISO date of Asia/Shanghai; `unhandled`: one row for each kind of task, 0 orders included.
    """

    TYPE: ClassVar[str] = "day.reported.v1"
    SOURCE: ClassVar[str] = "orders"

    day: str
    unhandled: tuple[UnhandledOrders, ...]
