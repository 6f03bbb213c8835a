"""Pages as answers."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store import cursors
from services.notifications import api
from services.notifications.commands import telling
from services.notifications.table import deliveries, endpoints, mailboxes, texts
from services.notifications.table.deliveries import DeliveryItem
from services.notifications.table.endpoints import EndpointItem
from services.notifications.table.mailboxes import MessageItem
from services.notifications.table.texts import TextItem

_PAGE = 20


def inbox(caller: Principal, cursor: str | None) -> api.Inbox:
    """A page of what the caller reads."""
    bound_to = [caller.user_id, caller.dealer_id or "", "inbox"]
    start = cursors.open_cursor(bound_to, cursor)
    boxes = telling.mailboxes_of(caller)
    found, more = mailboxes.messages(boxes, start["before"] if start else None, _PAGE)
    read = mailboxes.read_by(caller.user_id, found)
    return api.Inbox(
        messages=[_message(item, item.message_id in read) for item in found],
        unread=mailboxes.unread(boxes, caller.user_id),
        next_cursor=cursors.next_cursor(bound_to, {"before": found[-1].message_id} if more else None),
    )


def unread(caller: Principal) -> int:
    """How many messages the caller has not read."""
    return mailboxes.unread(telling.mailboxes_of(caller), caller.user_id)


def text_messages(caller: Principal, cursor: str | None) -> api.TextMessages:
    """A page of all text messages."""
    bound_to = [caller.user_id, "sms"]
    page = texts.texts(_PAGE, cursors.open_cursor(bound_to, cursor))
    return api.TextMessages(
        texts=[_text(item) for item in page.items], next_cursor=cursors.next_cursor(bound_to, page.next_key)
    )


def endpoint_list() -> api.Endpoints:
    """All endpoints that are not deleted."""
    return api.Endpoints(endpoints=[endpoint(item) for item in endpoints.endpoints() if item.state != "deleted"])


def delivery_page(caller: Principal, endpoint_id: str, cursor: str | None) -> api.Deliveries:
    """A page of an endpoint's deliveries.

    Raises:
        NotFound: no such endpoint.
    """
    if endpoints.endpoint_of(endpoint_id) is None:
        raise NotFound
    bound_to = [caller.user_id, "deliveries", endpoint_id]
    page = deliveries.deliveries(endpoint_id, _PAGE, cursors.open_cursor(bound_to, cursor))
    return api.Deliveries(
        deliveries=[_delivery(item) for item in page.items],
        next_cursor=cursors.next_cursor(bound_to, page.next_key),
    )


def endpoint(item: EndpointItem) -> api.Endpoint:
    """An endpoint, without its secret."""
    return api.Endpoint(
        endpoint_id=item.endpoint_id,
        url=item.url,
        types=list(item.types),
        description=item.description,
        state=item.state,
        disabled_reason=item.disabled_reason,
        failing_since=item.failing_since,
        created_at=item.created_at,
        created_by=item.created_by,
        version=item.version,
        old_secret_until=item.old_secret_until,
    )


def _message(item: MessageItem, read: bool) -> api.Message:
    return api.Message(
        message_id=item.message_id,
        at=item.at,
        event_type=item.event_type,
        subject=item.subject,
        dealer_id=item.dealer_id,
        title_zh=item.title_zh,
        title_en=item.title_en,
        text_zh=item.text_zh,
        text_en=item.text_en,
        read=read,
    )


def _text(item: TextItem) -> api.TextMessage:
    return api.TextMessage(
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


def _delivery(item: DeliveryItem) -> api.Delivery:
    return api.Delivery(
        event_id=item.event_id,
        event_type=item.event_type,
        subject=item.subject,
        event_time=item.event_time,
        state=item.state,
        next_attempt_at=item.gsi1sk,
        attempts=[api.AttemptMade(**attempt) for attempt in item.log],
    )
