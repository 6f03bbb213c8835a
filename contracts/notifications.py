"""Events of text messages and webhooks, for notifications itself."""

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


class WebhookTested(Event):
    """Published when an administrator tests a webhook endpoint. Subscribers: notifications (send it to that endpoint).

    It goes to no other endpoint, and to this one also if it does not subscribe to it. `by`: name of the administrator.
    """

    TYPE: ClassVar[str] = "webhook.test.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "notifications"

    endpoint_id: str
    by: str
