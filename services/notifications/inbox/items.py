"""Stored messages of mailboxes, and the users who have read them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from itertools import chain

from pynamodb.attributes import UnicodeAttribute

from contracts.dealers import HOUSE
from kernel.messaging.events import Envelope
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch, query_page
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.inbox.mailboxes import Desk, Mailbox
from services.notifications.inbox.rendering import RenderedMessage

#: Counters per mailbox, because orders of all dealers arrive in the same staff mailbox at once.
_COUNTER_SHARDS = 4

_MESSAGE_ID = re.compile(
    rf"[0-9]{{13}}\.({'|'.join(Mailbox)})(?:-([0-9A-Z]{{2,10}}))?\.(evt_[^\s\ud800-\udfff]{{1,200}})"
)


# P  messages of a mailbox, newest first    pk: INBOX#<mailbox>    sk: MSG#<message id>
class MessageItem(Item, discriminator="inbox_message"):
    """One message of a mailbox, as it was rendered. Never changed, never deleted."""

    message_id = UnicodeAttribute()
    at = UnicodeAttribute()
    event_type = UnicodeAttribute()
    subject = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    title_zh = UnicodeAttribute()
    title_en = UnicodeAttribute()
    text_zh = UnicodeAttribute()
    text_en = UnicodeAttribute()

    @property
    def event_id(self) -> str:
        """Id of the event that the message is about."""
        return self.message_id.split(".", 2)[2]


# P  messages that a user has read    pk: INBOX#<mailbox>    sk: READ#<user>#<message id>
class ReadMarkItem(Item, discriminator="inbox_read"):
    """Mark that a user has read a message."""

    read_at = UnicodeAttribute()


# P  messages of a mailbox, counted in 4 shards    pk: INBOX#<mailbox>    sk: COUNT#<shard>
# P  messages that a user has read, counted        pk: INBOX#<mailbox>    sk: COUNT-READ#<user>
class MessageCountItem(Item, discriminator="inbox_count"):
    """Number of messages."""

    number = IntegerAttribute()


def desk_of(envelope: Envelope, mailbox: Mailbox) -> Desk:
    """Return the desk that gets the message of an event: in the mailbox `warehouse` that of the order's warehouse."""
    return Desk(mailbox, envelope.data.get("warehouse") if mailbox is Mailbox.WAREHOUSE else None)


def mailbox_name(desk: Desk, dealer_id: str | None) -> str:
    """Return the name of a mailbox: `<dealer>#<mailbox>`, `HOUSE#<mailbox>` or `HOUSE#warehouse#<warehouse>`."""
    name = f"{dealer_id if desk.mailbox.belongs_to_dealer else HOUSE}#{desk.mailbox}"
    return f"{name}#{desk.warehouse}" if desk.warehouse else name


def message_id_of(envelope: Envelope, desk: Desk) -> str:
    """Return the id of an event's message on a desk. Ids sort by the time of the event."""
    name = f"{desk.mailbox}-{desk.warehouse}" if desk.warehouse else desk.mailbox
    return f"{_milliseconds(envelope.time):013d}.{name}.{envelope.id}"


def desk_of_message(message_id: str) -> Desk | None:
    """Return the desk that a message id names; None if the text is no message id."""
    found = _MESSAGE_ID.fullmatch(message_id)
    return Desk(Mailbox(found[1]), found[2]) if found else None


def add_message(transaction: Transaction, envelope: Envelope, dealer_id: str, message: RenderedMessage) -> None:
    """Add a message and its count to the transaction, which fails if the message exists."""
    desk = desk_of(envelope, message.mailbox)
    message_id, name = message_id_of(envelope, desk), mailbox_name(desk, dealer_id)
    item = MessageItem(
        *message_key(name, message_id),
        message_id=message_id,
        at=envelope.time,
        event_type=envelope.type,
        subject=envelope.subject,
        dealer_id=dealer_id,
        title_zh=message.title_zh,
        title_en=message.title_en,
        text_zh=message.text_zh,
        text_en=message.text_en,
    )
    transaction.create(item, f"message {name}")
    shard = zlib.crc32(message_id.encode()) % _COUNTER_SHARDS
    _increment(transaction, (_mailbox_pk(name), f"COUNT#{shard}"), f"count {name}")


def newest_messages(names: Iterable[str], before: str | None, limit: int) -> tuple[list[MessageItem], bool]:
    """Return the newest messages of these mailboxes together, and whether there are older ones.

    Args:
        before: return only messages older than this message id.
    """
    found: list[MessageItem] = []
    has_more = False
    for name in names:
        key = message_key(name, before) if before else None
        start = {"pk": {"S": key[0]}, "sk": {"S": key[1]}} if key else None
        messages = MessageItem.sk.startswith("MSG#")
        page = query_page(
            MessageItem, _mailbox_pk(name), sk=messages, limit=limit, start=start, newest_first=True, consistent=True
        )
        found += page.items
        has_more = has_more or page.next_key is not None
    found.sort(key=lambda item: item.message_id, reverse=True)
    return found[:limit], has_more or len(found) > limit


def ids_of_read_messages(user_id: str, messages: Iterable[MessageItem]) -> set[str]:
    """Return the ids of those messages that the user has read."""
    marks = {_read_mark_key(item.pk, user_id, item.message_id): item.message_id for item in messages}
    return {marks[key] for key in fetch(marks)}


def count_unread(names: Iterable[str], user_id: str) -> dict[str, int]:
    """Return the number of messages that the user has not read, by the name of each of these mailboxes."""
    received = {name: [(_mailbox_pk(name), f"COUNT#{shard}") for shard in range(_COUNTER_SHARDS)] for name in names}
    read = {name: (_mailbox_pk(name), f"COUNT-READ#{user_id}") for name in received}
    found = fetch([*chain.from_iterable(received.values()), *read.values()])
    counts = {key: item.number for key, item in found.items() if isinstance(item, MessageCountItem)}
    # The counters are read one after another: a message read in between could otherwise give -1.
    return {
        name: max(0, sum(counts.get(key, 0) for key in keys) - counts.get(read[name], 0))
        for name, keys in received.items()
    }


def record_read(name: str, user_id: str, message_id: str) -> bool:
    """Record that the user has read a message of the mailbox; return False if there is no such message."""
    key = message_key(name, message_id)
    transaction = Transaction()
    transaction.check(MessageItem, key, MessageItem.pk.exists(), "message")
    transaction.create(ReadMarkItem(*_read_mark_key(key[0], user_id, message_id), read_at=clock.stamp()), "mark")
    _increment(transaction, (key[0], f"COUNT-READ#{user_id}"), "count")
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        return "message" not in refusal  # otherwise the mark exists: the user has read the message before
    return True


def message_key(name: str, message_id: str) -> Key:
    """Return the key of a message in the mailbox of that name."""
    return _mailbox_pk(name), f"MSG#{message_id}"


def _mailbox_pk(name: str) -> str:
    return f"INBOX#{name}"


def _read_mark_key(pk: str, user_id: str, message_id: str) -> Key:
    return pk, f"READ#{user_id}#{message_id}"


def _increment(transaction: Transaction, key: Key, label: str) -> None:
    transaction.update_fields(MessageCountItem, key, {}, increments={"number": 1}, label=label)


def _milliseconds(stamp: str) -> int:
    return int(clock.parse_stamp(stamp).timestamp() * 1000)
