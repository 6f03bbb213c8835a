"""Answers about text messages."""

from typing import Annotated, Literal

from contracts.dealers import SignInCodeRequested, UserRegistered
from contracts.notifications import ObjectionAnswered
from kernel.http.models import Answer, one_of
from kernel.messaging.events import event_types
from services.notifications.sms.rules import SmsState
from services.notifications.vocabulary import PageQuery

#: Invitations, codes and answers are texted too, though no endpoint gets their events.
_INTERNAL = frozenset({UserRegistered, SignInCodeRequested, ObjectionAnswered})
_TextedType = Annotated[str, one_of(lambda: (n for n, e in event_types().items() if e.PUBLIC or e in _INTERNAL))]


class SmsQuery(PageQuery):
    """Page of the text messages; with `state` of those that the provider refused."""

    state: Literal["failed"] | None = None


class SmsMessage(Answer):
    """A text message and its state.

    `user_name`: name of the user. `reason` explains the states failed, unknown and skipped, for example daily-limit,
    collapsed (another user with this phone has the text), interrupted (ask the provider about the result).
    `waits_until`: end of its wait; `merged_into`: the text in place of this one; `texts`: number of texts that this one
    is in place of, itself included.
    """

    sms_id: str
    dealer_id: str
    dealer_name: str
    username: str
    user_name: str
    phone_masked: str
    event_type: _TextedType
    subject: str
    text: str
    state: SmsState
    state_zh: str
    state_en: str
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
