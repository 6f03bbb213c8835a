"""Show the inbox of a caller, and mark messages as read."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.principal import Principal
from kernel.store import cursors
from reads.dealers import dealer_names
from reads.warehouses import known_warehouses, require_warehouse, warehouse_names
from services.notifications.inbox import items
from services.notifications.inbox.api import Inbox, InboxQuery, Message, MessageRead, UnreadOfMailbox
from services.notifications.inbox.items import MessageItem, desk_of_message, mailbox_name
from services.notifications.inbox.mailboxes import Desk, Mailbox, desks_read_by, mailboxes_read_by
from services.notifications.vocabulary import PAGE_SIZE


def show_inbox(caller: Principal, query: InboxQuery) -> Inbox:
    """Return one page of all mailboxes that the caller reads, or of the desk of a warehouse, newest message first.

    Raises:
        Invalid: there is no such warehouse, or the caller does not read the desks of warehouses.
    """
    if query.warehouse is not None:
        _check_desk(caller, query.warehouse)
    bound_to = [caller.user_id, caller.dealer_id or "", "inbox", query.warehouse or ""]
    start = cursors.open_cursor(bound_to, query.cursor)
    names = _mailbox_names(caller)
    shown = [name for desk, name in names.items() if query.warehouse in {None, desk.warehouse}]
    found, has_more = items.newest_messages(shown, start["before"] if start else None, PAGE_SIZE)
    dealers = dealer_names(item.dealer_id for item in found)
    read_ids = items.ids_of_read_messages(caller.user_id, found)
    unread = items.count_unread(names.values(), caller.user_id)
    return Inbox(
        messages=[_message_view(item, dealers[item.dealer_id], item.message_id in read_ids) for item in found],
        unread=sum(unread[name] for name in shown),
        unread_by_mailbox=[_unread_view(desk, unread[name]) for desk, name in names.items()],
        next_cursor=cursors.next_cursor(bound_to, {"before": found[-1].message_id} if has_more else None),
    )


def mark_as_read(caller: Principal, message_id: str) -> MessageRead:
    """Record that the caller has read a message; a repeated request changes nothing.

    Raises:
        NotFound: the message is in none of the caller's mailboxes.
    """
    desk = desk_of_message(message_id)
    if desk is None or desk.mailbox not in mailboxes_read_by(caller.roles):
        raise NotFound
    if not items.record_read(mailbox_name(desk, caller.dealer_id), caller.user_id, message_id):
        raise NotFound
    unread = items.count_unread(_mailbox_names(caller).values(), caller.user_id)
    return MessageRead(message_id=message_id, unread=sum(unread.values()))


def _check_desk(caller: Principal, warehouse: str) -> None:
    require_warehouse(warehouse)
    if Mailbox.WAREHOUSE not in mailboxes_read_by(caller.roles):
        detail = "仅供仓库和系统管理员使用 / for warehouse people and administrators only; leave it out"
        raise Invalid([FieldProblem(field="warehouse", code="not-a-reader", detail=detail)])


def _mailbox_names(caller: Principal) -> dict[Desk, str]:
    """Return the names of the caller's mailboxes. Warehouses are few, so one list may read the desks of all."""
    desks = desks_read_by(caller.roles, () if caller.is_dealer else known_warehouses())
    return {desk: mailbox_name(desk, caller.dealer_id) for desk in desks}


def _unread_view(desk: Desk, unread: int) -> UnreadOfMailbox:
    names = warehouse_names(desk.warehouse) if desk.warehouse else {}
    return UnreadOfMailbox(mailbox=desk.mailbox, warehouse=desk.warehouse, **names, unread=unread)


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
