"""Answers of the inbox."""

from typing import Annotated

from kernel.http.models import Answer, WarehouseId, one_of
from services.notifications.inbox.mailboxes import Mailbox
from services.notifications.inbox.rules import NOTIFICATION_RULES
from services.notifications.vocabulary import PageQuery


class InboxQuery(PageQuery):
    """Page of the inbox; with `warehouse` of the desk of that warehouse alone."""

    warehouse: WarehouseId | None = None


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


class UnreadOfMailbox(Answer):
    """Number of unread messages of a mailbox of the user; of the mailbox `warehouse` also for each warehouse alone.

    `warehouse`: null for messages that concern all warehouses, and for the other mailboxes.
    """

    mailbox: Mailbox
    warehouse: str | None
    warehouse_name_zh: str | None = None
    warehouse_name_en: str | None = None
    unread: int


class Inbox(Answer):
    """One page of messages, newest first.

    `unread` counts the user's unread messages on all pages of this list, `unread_by_mailbox` those of each mailbox.
    """

    messages: list[Message]
    unread: int
    unread_by_mailbox: list[UnreadOfMailbox]
    next_cursor: str | None


class MessageRead(Answer):
    """The message just read, and the number of messages the user has not read yet."""

    message_id: str
    unread: int
