"""Event of an urgent order that waits for too long."""

from typing import ClassVar

from contracts.orders import OrderEvent


class OrderOverdue(OrderEvent):
    """Published once when an urgent order is not decided within its time. Subscribers: notifications.

    `escalation_contact`, `escalation_name`: user name and name of the escalation contact of the warehouse; None if it
    has none, or none that a text message reaches.
    """

    TYPE: ClassVar[str] = "order.overdue.v1"
    PUBLIC: ClassVar[bool] = True

    due_at: str
    escalation_contact: str | None = None
    escalation_name: str | None = None
