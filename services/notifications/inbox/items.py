"""Stored messages of mailboxes and who has read them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from pynamodb.attributes import UnicodeAttribute

from contracts.dealers import HOUSE
from kernel.messaging.events import Envelope
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch, query_page
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.inbox.rules import Mailbox, Notice

#: Counting is spread, because everybody's orders come to the same desk.
_COUNTERS = 4


_MESSAGE_ID = re.compile(rf"[0-9]{{13}}\.({'|'.join(Mailbox)})\.(evt_[^\s\ud800-\udfff]{{1,200}})")


class MessageItem(Item, discriminator="inbox_message"):
    """One message of a mailbox_of, in the words in which it was said. Never changed, never deleted."""

    message_id = UnicodeAttribute()
    at = UnicodeAttribute()
    event_type = UnicodeAttribute()
    subject = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    title_zh = UnicodeAttribute()
    title_en = UnicodeAttribute()
    text_zh = UnicodeAttribute()
    text_en = UnicodeAttribute()


class ReadItem(Item, discriminator="inbox_read"):
    """That a user has read a message."""

    read_at = UnicodeAttribute()


class CountItem(Item, discriminator="inbox_count"):
    """A number of messages."""

    number = IntegerAttribute()


def mailbox_of(box: Mailbox, dealer_id: str | None) -> str:
    """The name of a mailbox_of: a box of that dealer, or of the house."""
    return f"{dealer_id if box.is_a_dealers else HOUSE}#{box}"


def message_id(message: Envelope, box: Mailbox) -> str:
    """The same for every delivery of the event; ids sort by the time of the event."""
    return f"{_milliseconds(message.time):013d}.{box}.{message.id}"


def box_of(message: str) -> Mailbox | None:
    """The box a message id was made for; None for what is no message id."""
    found = _MESSAGE_ID.fullmatch(message)
    return Mailbox(found[1]) if found else None


def add_message(transaction: Transaction, message: Envelope, dealer_id: str, notice: Notice) -> None:
    """Let the transaction put a notice into its mailbox_of, once."""
    made, to = message_id(message, notice.box), mailbox_of(notice.box, dealer_id)
    item = MessageItem(
        *message_key(to, made),
        message_id=made,
        at=message.time,
        event_type=message.type,
        subject=message.subject,
        dealer_id=dealer_id,
        title_zh=notice.title_zh,
        title_en=notice.title_en,
        text_zh=notice.text_zh,
        text_en=notice.text_en,
    )
    transaction.create(item, f"message {to}")
    shard = zlib.crc32(made.encode()) % _COUNTERS
    _count(transaction, (_mailbox_pk(to), f"COUNT#{shard}"), f"count {to}")


def messages(boxes: Iterable[str], before: str | None, limit: int) -> tuple[list[MessageItem], bool]:
    """The newest messages of these mailboxes together, and whether there are older ones.

    Args:
        before: go on after this message id.
    """
    found: list[MessageItem] = []
    more = False
    for name in boxes:
        key = message_key(name, before) if before else None
        start = {"pk": {"S": key[0]}, "sk": {"S": key[1]}} if key else None
        newest = MessageItem.sk.startswith("MSG#")
        page = query_page(
            MessageItem, _mailbox_pk(name), sk=newest, limit=limit, start=start, newest_first=True, consistent=True
        )
        found += page.items
        more = more or page.next_key is not None
    found.sort(key=lambda item: item.message_id, reverse=True)
    return found[:limit], more or len(found) > limit


def read_by(user_id: str, shown: Iterable[MessageItem]) -> set[str]:
    """Which of these messages the user has read, by id."""
    marks = {_read_key(item.pk, user_id, item.message_id): item.message_id for item in shown}
    return {marks[key] for key in fetch(marks)}


def unread(boxes: Iterable[str], user_id: str) -> int:
    """How many messages of these mailboxes the user has not read."""
    received = [(_mailbox_pk(name), f"COUNT#{shard}") for name in boxes for shard in range(_COUNTERS)]
    read = [(_mailbox_pk(name), f"COUNT-READ#{user_id}") for name in boxes]
    counts = {key: item.number for key, item in fetch([*received, *read]).items() if isinstance(item, CountItem)}
    # Counters are read one after another: a message read in between could otherwise show as -1.
    return max(0, sum(counts.get(key, 0) for key in received) - sum(counts.get(key, 0) for key in read))


def mark_read(name: str, user_id: str, message: str) -> bool:
    """Note that the user has read a message of the mailbox_of. False when there is no such message."""
    key = message_key(name, message)
    transaction = Transaction()
    transaction.check(MessageItem, key, MessageItem.pk.exists(), "message")
    transaction.create(ReadItem(*_read_key(key[0], user_id, message), read_at=clock.stamp()), "mark")
    _count(transaction, (key[0], f"COUNT-READ#{user_id}"), "count")
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        return "message" not in refusal  # refused for its mark: it was read before
    return True


def message_key(name: str, message: str) -> Key:
    """One message of a mailbox_of."""
    return _mailbox_pk(name), f"MSG#{message}"


def _mailbox_pk(name: str) -> str:
    return f"INBOX#{name}"


def _read_key(pk: str, user_id: str, message: str) -> Key:
    return pk, f"READ#{user_id}#{message}"


def _count(transaction: Transaction, key: Key, label: str) -> None:
    transaction.update(CountItem, key, [CountItem.number.add(1)], None, label)


def _milliseconds(stamp: str) -> int:
    return int(clock.parse_stamp(stamp).timestamp() * 1000)
