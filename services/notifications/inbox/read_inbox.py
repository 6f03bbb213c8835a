"""Show the inbox of a caller and mark messages as read."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store import cursors
from services.notifications.inbox import items
from services.notifications.inbox.api import Inbox, Message
from services.notifications.inbox.items import MessageItem, box_of, mailbox_of, messages, read_by
from services.notifications.inbox.rules import mailboxes_read_by
from services.notifications.vocabulary import PAGE_SIZE


def mailboxes_of(caller: Principal) -> list[str]:
    """What the caller reads: the dealer's mailboxes that the role allows, or those of the caller's desks."""
    return [mailbox_of(box, caller.dealer_id) for box in mailboxes_read_by(caller.roles)]


def mark_read(caller: Principal, message_id: str) -> None:
    """Note that the caller has read a message; as often as one likes.

    Raises:
        NotFound: it stands in no mailbox of the caller's.
    """
    box = box_of(message_id)
    if box not in mailboxes_read_by(caller.roles):
        raise NotFound
    if not items.mark_read(mailbox_of(box, caller.dealer_id), caller.user_id, message_id):
        raise NotFound


def show_inbox(caller: Principal, cursor: str | None) -> Inbox:
    """A page of what the caller reads."""
    bound_to = [caller.user_id, caller.dealer_id or "", "inbox"]
    start = cursors.open_cursor(bound_to, cursor)
    boxes = mailboxes_of(caller)
    found, more = messages(boxes, start["before"] if start else None, PAGE_SIZE)
    read = read_by(caller.user_id, found)
    return Inbox(
        messages=[_message(item, item.message_id in read) for item in found],
        unread=items.unread(boxes, caller.user_id),
        next_cursor=cursors.next_cursor(bound_to, {"before": found[-1].message_id} if more else None),
    )


def count_unread(caller: Principal) -> int:
    """How many messages the caller has not read."""
    return items.unread(mailboxes_of(caller), caller.user_id)


def _message(item: MessageItem, read: bool) -> Message:
    return Message(
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
