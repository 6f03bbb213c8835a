"""Events of the promise dates of an order. Days are ISO dates of Asia/Shanghai."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.orders import OrderEvent


class MovedPromise(BaseModel):
    """Lines, by number, whose promise date moved from the day `old` to the day `new`; None is no date.

    `reserved`: true for their reserved pieces, false for their backordered ones.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    lines: tuple[int, ...]
    reserved: bool
    old: str | None
    new: str | None


class OrderPromiseMoved(OrderEvent):
    """Published when lines of an order get a promise date for the first time, or an earlier one.

    Subscribers: none; it is in the timeline of the order.
    """

    TYPE: ClassVar[str] = "order.promise-moved.v1"

    moved: tuple[MovedPromise, ...]


class OrderPromiseSlipped(OrderEvent):
    """Published when a promise date moves later or is lost, before that day. Subscribers: notifications.

    `moved`: all lines whose date changed, also those with an earlier date; `promised_on`: first promise date that the
    order misses.
    """

    TYPE: ClassVar[str] = "order.promise-slipped.v1"
    PUBLIC: ClassVar[bool] = True

    moved: tuple[MovedPromise, ...]
    promised_on: str
