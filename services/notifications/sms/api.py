"""Answers about text messages."""

from kernel.http.models import Answer


class SmsMessage(Answer):
    """A text message and its state.

    `state`: queued | sending | accepted | failed | unknown | skipped. `reason` explains the last three, for example
    daily-limit, collapsed (the same template was sent a moment ago), interrupted (ask the provider about the result).
    """

    sms_id: str
    dealer_id: str
    username: str
    phone_masked: str
    event_type: str
    subject: str
    text: str
    state: str
    reason: str | None
    provider_id: str | None
    queued_at: str
    changed_at: str


class SmsPage(Answer):
    """One page of text messages, newest first; `next_cursor` is null after the last page."""

    texts: list[SmsMessage]
    next_cursor: str | None
