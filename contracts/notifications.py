"""What notifications says, to itself: a text is announced with its record, so it is sent once, and not before."""

from typing import ClassVar

from kernel.messaging.events import Event


class SmsQueued(Event):
    """Published when a text message was decided on. Heard by notifications (send it). Holds no phone number and no words."""

    TYPE: ClassVar[str] = "sms.queued.v1"
    SOURCE: ClassVar[str] = "notifications"

    sms_id: str
    dealer_id: str
