"""Answers of the inbox."""

from kernel.http.models import Answer


class Message(Answer):
    """One message of an inbox, Chinese and English. `at`: when it became true; `subject`: the business number."""

    message_id: str
    at: str
    event_type: str
    subject: str
    dealer_id: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    read: bool


class Inbox(Answer):
    """Newest first. `unread` counts all pages, for this user."""

    messages: list[Message]
    unread: int
    next_cursor: str | None


class MessageRead(Answer):
    """What is left to read."""

    message_id: str
    unread: int
