"""List text messages."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.store import cursors
from reads.dealers import dealer_names, user_names
from services.notifications.sms.api import SmsMessage, SmsPage
from services.notifications.sms.items import SmsItem, sms_page
from services.notifications.sms.rules import SmsState
from services.notifications.vocabulary import PAGE_SIZE


def list_sms(caller: Principal, cursor: str | None) -> SmsPage:
    """Return one page of the text messages of all dealers."""
    bound_to = [caller.user_id, "sms"]
    page = sms_page(PAGE_SIZE, cursors.open_cursor(bound_to, cursor))
    dealers = dealer_names(item.dealer_id for item in page.items)
    users = user_names((item.dealer_id, item.username) for item in page.items)
    return SmsPage(
        texts=[_sms_view(item, dealers[item.dealer_id], users[item.dealer_id, item.username]) for item in page.items],
        next_cursor=cursors.next_cursor(bound_to, page.next_key),
    )


def _sms_view(item: SmsItem, dealer_name: str, user_name: str) -> SmsMessage:
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
        state=SmsState(item.state),
        reason=item.reason,
        provider_id=item.provider_id,
        waits_until=item.waits_until,
        merged_into=item.merged_into,
        texts=item.texts or 1,
        queued_at=item.queued_at,
        changed_at=item.changed_at,
    )
