"""Answers about text messages."""

from kernel.http.models import Answer


class SmsMessage(Answer):
    """A text message and its state.

    `state`: queued | waiting | merged | sending | accepted | failed | unknown | skipped. `reason` explains the last
    three, for example daily-limit, collapsed (another user with this phone has the text), interrupted (ask the provider
    about the result). `waits_until`: end of its wait; `merged_into`: the text in place of this one; `texts`: number of
    texts that this one is in place of, itself included.
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
    waits_until: str | None
    merged_into: str | None
    texts: int
    queued_at: str
    changed_at: str


class SmsPage(Answer):
    """One page of text messages, newest first; `next_cursor` is null after the last page."""

    texts: list[SmsMessage]
    next_cursor: str | None
