"""List text messages."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.store import cursors
from services.notifications.sms.api import TextMessage, TextMessages
from services.notifications.sms.items import TextItem, texts
from services.notifications.vocabulary import PAGE_SIZE


def text_messages(caller: Principal, cursor: str | None) -> TextMessages:
    """A page of all text messages."""
    bound_to = [caller.user_id, "sms"]
    page = texts(PAGE_SIZE, cursors.open_cursor(bound_to, cursor))
    return TextMessages(
        texts=[_text(item) for item in page.items], next_cursor=cursors.next_cursor(bound_to, page.next_key)
    )


def _text(item: TextItem) -> TextMessage:
    return TextMessage(
        sms_id=item.sms_id,
        dealer_id=item.dealer_id,
        username=item.username,
        phone_masked=item.phone_masked,
        event_type=item.event_type,
        subject=item.subject,
        text=item.text,
        state=item.state,
        reason=item.reason,
        provider_id=item.provider_id,
        queued_at=item.queued_at,
        changed_at=item.changed_at,
    )
