"""Answers about text messages."""

from kernel.http.models import Answer


class TextMessage(Answer):
    """A text message and what became of it.

    `state`: queued | sending | accepted | failed | unknown | skipped; `reason` of the last three: for example
    daily-limit, collapsed (the same was just sent), interrupted (it may have been sent: ask the provider).
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


class TextMessages(Answer):
    """Newest first."""

    texts: list[TextMessage]
    next_cursor: str | None
