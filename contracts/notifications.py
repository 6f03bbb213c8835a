"""Event of text messages, for notifications itself."""

from typing import ClassVar

from kernel.messaging.events import Event


class SmsQueued(Event):
    """Published in the transaction that stores a text message, so that the message is sent once.

    Subscribers: notifications (send it). The event contains neither phone number nor text.
    """

    TYPE: ClassVar[str] = "sms.queued.v1"
    SOURCE: ClassVar[str] = "notifications"

    sms_id: str
    dealer_id: str
