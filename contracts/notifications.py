"""Events of text messages, webhooks and objections, for notifications itself."""

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


class ObjectionRaised(Event):
    """Published when a dealer objects to an act of head office. Subscribers: notifications (notify the owner).

    `event_id`: event of the act; `about`: its business number; `act_zh`, `act_en`: name of the act; `owner`: staff role
    that answers; `text`: the dealer's reason; `by`: name of its user.
    """

    TYPE: ClassVar[str] = "objection.raised.v1"
    SOURCE: ClassVar[str] = "notifications"

    objection_id: str
    dealer_id: str
    event_id: str
    about: str
    act_zh: str
    act_en: str
    owner: str
    text: str
    by: str


class ObjectionAnswered(Event):
    """Published when staff answer an objection, once. Subscribers: notifications (notify the dealer).

    Fields as in `ObjectionRaised`. `accounts_only`: only users who may read statements may read the event of the act;
    `answer`: text for the dealer; `by`: name of the staff user.
    """

    TYPE: ClassVar[str] = "objection.answered.v1"
    SOURCE: ClassVar[str] = "notifications"

    objection_id: str
    dealer_id: str
    event_id: str
    about: str
    act_zh: str
    act_en: str
    accounts_only: bool
    answer: str
    by: str
