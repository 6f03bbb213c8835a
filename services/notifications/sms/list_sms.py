"""List text messages."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.store import cursors
from reads.dealers import dealer_names, user_names
from services.notifications.sms.api import SmsMessage, SmsPage, SmsQuery
from services.notifications.sms.items import SmsItem, dealer_sms_page, failed_sms_page, sms_page
from services.notifications.sms.rules import SMS_STATES, SmsState
from services.notifications.vocabulary import PAGE_SIZE


def list_sms(caller: Principal, query: SmsQuery) -> SmsPage:
    """Return one page of all text messages or of those that failed, or for a dealer of those to its own users.

    Newest first. A dealer's page of failed ones has those among one page of its texts, so it may have fewer.

    Raises:
        BadRequest: the cursor is not of this caller and this list.
    """
    bound_to = [caller.user_id, caller.dealer_id or "", "sms", query.state or ""]
    start = cursors.open_cursor(bound_to, query.cursor)
    if caller.dealer_id:
        page = dealer_sms_page(caller.dealer_id, PAGE_SIZE, start)
    else:
        page = failed_sms_page(PAGE_SIZE, start) if query.state else sms_page(PAGE_SIZE, start)
    items = [item for item in page.items if query.state in {None, item.state}]
    dealers = dealer_names(item.dealer_id for item in items)
    users = user_names((item.dealer_id, item.username) for item in items)
    return SmsPage(
        texts=[_sms_view(item, dealers[item.dealer_id], users[item.dealer_id, item.username]) for item in items],
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
