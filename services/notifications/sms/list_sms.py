"""List text messages."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.store import cursors
from reads.dealers import dealer_names, user_names
from services.notifications.sms.api import SmsMessage, SmsPage
from services.notifications.sms.items import SmsItem, dealer_sms_page, sms_page
from services.notifications.sms.rules import SMS_STATES, SmsState
from services.notifications.vocabulary import PAGE_SIZE


def list_sms(caller: Principal, cursor: str | None) -> SmsPage:
    """Return one page of all text messages, or for a dealer of those to its own users, newest first.

    Raises:
        BadRequest: the cursor is not of this caller and this list.
    """
    bound_to = [caller.user_id, caller.dealer_id or "", "sms"]
    start = cursors.open_cursor(bound_to, cursor)
    page = dealer_sms_page(caller.dealer_id, PAGE_SIZE, start) if caller.dealer_id else sms_page(PAGE_SIZE, start)
    dealers = dealer_names(item.dealer_id for item in page.items)
    users = user_names((item.dealer_id, item.username) for item in page.items)
    return SmsPage(
        texts=[_sms_view(item, dealers[item.dealer_id], users[item.dealer_id, item.username]) for item in page.items],
        next_cursor=cursors.next_cursor(bound_to, page.next_key),
    )


def _sms_view(item: SmsItem, dealer_name: str, user_name: str) -> SmsMessage:
    state = SmsState(item.state)
    state_zh, state_en = SMS_STATES[state]
    return SmsMessage(
        sms_id=item.sms_id,
        dealer_id=item.dealer_id,
        dealer_name=dealer_name,
        username=item.username,
        user_name=user_name,
        phone_masked=item.phone_masked,
        event_type=item.event_type,
        subject=item.subject,
        text=item.text,
        state=state,
        state_zh=state_zh,
        state_en=state_en,
        reason=item.reason,
        provider_id=item.provider_id,
        waits_until=item.waits_until,
        merged_into=item.merged_into,
        texts=item.texts or 1,
        queued_at=item.queued_at,
        changed_at=item.changed_at,
    )
