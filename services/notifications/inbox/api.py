"""Answers of the inbox."""

from typing import Annotated

from kernel.http.models import Answer, one_of
from services.notifications.inbox.rules import NOTIFICATION_RULES


class Message(Answer):
    """One message of an inbox, Chinese and English. `at`: time of the event; `subject`: its business number.

    `event_id`: id of the event, as objections name it.
    """

    message_id: str
    event_id: str
    at: str
    event_type: Annotated[str, one_of(lambda: (event.TYPE for event in NOTIFICATION_RULES))]
    subject: str
    dealer_id: str
    dealer_name: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    read: bool


class Inbox(Answer):
    """One page of messages, newest first. `unread` counts the user's unread messages on all pages."""

    messages: list[Message]
    unread: int
    next_cursor: str | None


class MessageRead(Answer):
    """The message just read, and the number of messages the user has not read yet."""

    message_id: str
    unread: int
