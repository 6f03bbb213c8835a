"""Show the inbox of a caller, and mark messages as read."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store import cursors
from reads.dealers import dealer_names
from services.notifications.inbox import items
from services.notifications.inbox.api import Inbox, Message, MessageRead
from services.notifications.inbox.items import MessageItem, mailbox_name, mailbox_of_message
from services.notifications.inbox.mailboxes import mailboxes_read_by
from services.notifications.vocabulary import PAGE_SIZE


def show_inbox(caller: Principal, cursor: str | None) -> Inbox:
    """Return one page of all mailboxes that the caller reads, newest message first."""
    bound_to = [caller.user_id, caller.dealer_id or "", "inbox"]
    start = cursors.open_cursor(bound_to, cursor)
    names = _mailbox_names(caller)
    found, has_more = items.newest_messages(names, start["before"] if start else None, PAGE_SIZE)
    dealers = dealer_names(item.dealer_id for item in found)
    read_ids = items.ids_of_read_messages(caller.user_id, found)
    return Inbox(
        messages=[_message_view(item, dealers[item.dealer_id], item.message_id in read_ids) for item in found],
        unread=items.count_unread(names, caller.user_id),
        next_cursor=cursors.next_cursor(bound_to, {"before": found[-1].message_id} if has_more else None),
    )


def mark_as_read(caller: Principal, message_id: str) -> MessageRead:
    """Record that the caller has read a message; a repeated request changes nothing.

    Raises:
        NotFound: the message is in none of the caller's mailboxes.
    """
    mailbox = mailbox_of_message(message_id)
    if mailbox not in mailboxes_read_by(caller.roles):
        raise NotFound
    if not items.record_read(mailbox_name(mailbox, caller.dealer_id), caller.user_id, message_id):
        raise NotFound
    return MessageRead(message_id=message_id, unread=items.count_unread(_mailbox_names(caller), caller.user_id))


def _mailbox_names(caller: Principal) -> list[str]:
    return [mailbox_name(mailbox, caller.dealer_id) for mailbox in mailboxes_read_by(caller.roles)]


def _message_view(item: MessageItem, dealer_name: str, is_read: bool) -> Message:
    return Message(
        message_id=item.message_id,
        event_id=item.event_id,
        at=item.at,
        event_type=item.event_type,
        subject=item.subject,
        dealer_id=item.dealer_id,
        dealer_name=dealer_name,
        title_zh=item.title_zh,
        title_en=item.title_en,
        text_zh=item.text_zh,
        text_en=item.text_en,
        read=is_read,
    )
