"""Mailboxes: messages, and who has read them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from kernel import clock
from kernel.events import Envelope
from kernel.table import Item, Key, Transaction, TransactionRefused, fetch, query_page
from services.notifications.domain import Notice

#: Counting is spread, because everybody's orders come to the same desk.
_COUNTERS = 4
_MESSAGE_ID = re.compile(r"[0-9]{13}\.([a-z]{1,20})\.(evt_[^\s\ud800-\udfff]{1,200})")


class MessageItem(Item, discriminator="inbox_message"):
    """One message of a mailbox, in the words in which it was said. Never changed, never deleted."""

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

    number = NumberAttribute()


def dealer_mailbox(dealer_id: str) -> str:
    """The mailbox all people of a dealer read."""
    return dealer_id


def desk_mailbox(desk: str) -> str:
    """The mailbox all people of a desk of the house read."""
    return f"DESK#{desk}"


def message_id(message: Envelope, notice: Notice) -> str:
    """The same for every delivery of the event; ids sort by the time of the event."""
    return f"{_milliseconds(message.time):013d}.{notice.desk or 'dealer'}.{message.id}"


def addressee(message: str) -> str:
    """Whom a message id was made for: `dealer`, or the name of a desk; empty for what is no message id."""
    found = _MESSAGE_ID.fullmatch(message)
    return found[1] if found else ""


def add_message(transaction: Transaction, mailbox: str, message: Envelope, dealer_id: str, notice: Notice) -> None:
    """Let the transaction put a message into a mailbox, once."""
    made = message_id(message, notice)
    item = MessageItem(
        *message_key(mailbox, made),
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
    transaction.create(item, f"message {mailbox}")
    shard = zlib.crc32(made.encode()) % _COUNTERS
    _count(transaction, (_mailbox_pk(mailbox), f"COUNT#{shard}"), f"count {mailbox}")


def messages(mailboxes: Iterable[str], before: str | None, limit: int) -> tuple[list[MessageItem], bool]:
    """The newest messages of these mailboxes together, and whether there are older ones.

    Args:
        before: go on after this message id.
    """
    found: list[MessageItem] = []
    more = False
    for mailbox in mailboxes:
        key = message_key(mailbox, before) if before else None
        start = {"pk": {"S": key[0]}, "sk": {"S": key[1]}} if key else None
        newest = MessageItem.sk.startswith("MSG#")
        page = query_page(
            MessageItem, _mailbox_pk(mailbox), sk=newest, limit=limit, start=start, newest_first=True, consistent=True
        )
        found += page.items
        more = more or page.next_key is not None
    found.sort(key=lambda item: item.message_id, reverse=True)
    return found[:limit], more or len(found) > limit


def read_by(user_id: str, shown: Iterable[MessageItem]) -> set[str]:
    """Which of these messages the user has read, by id."""
    marks = {_read_key(item.pk, user_id, item.message_id): item.message_id for item in shown}
    return {marks[key] for key in fetch(marks)}


def unread(mailboxes: Iterable[str], user_id: str) -> int:
    """How many messages of these mailboxes the user has not read."""
    received = [(_mailbox_pk(mailbox), f"COUNT#{shard}") for mailbox in mailboxes for shard in range(_COUNTERS)]
    read = [(_mailbox_pk(mailbox), f"COUNT-READ#{user_id}") for mailbox in mailboxes]
    counts = {key: int(item.number) for key, item in fetch([*received, *read]).items() if isinstance(item, CountItem)}
    # Counters are read one after another: a message read in between could otherwise show as -1.
    return max(0, sum(counts.get(key, 0) for key in received) - sum(counts.get(key, 0) for key in read))


def mark_read(mailbox: str, user_id: str, message: str) -> bool:
    """Note that the user has read a message of the mailbox. False when there is no such message."""
    key = message_key(mailbox, message)
    transaction = Transaction()
    transaction.check(MessageItem, key, MessageItem.pk.exists(), "message")
    transaction.create(ReadItem(*_read_key(key[0], user_id, message), read_at=clock.stamp()), "mark")
    _count(transaction, (key[0], f"COUNT-READ#{user_id}"), "count")
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        return "message" not in refusal  # refused for its mark: it was read before
    return True


def message_key(mailbox: str, message: str) -> Key:
    """One message of a mailbox."""
    return _mailbox_pk(mailbox), f"MSG#{message}"


def _mailbox_pk(mailbox: str) -> str:
    return f"INBOX#{mailbox}"


def _read_key(pk: str, user_id: str, message: str) -> Key:
    return pk, f"READ#{user_id}#{message}"


def _count(transaction: Transaction, key: Key, label: str) -> None:
    transaction.update(CountItem, key, [CountItem.number.add(1)], None, label)


def _milliseconds(stamp: str) -> int:
    return int(clock.parse_stamp(stamp).timestamp() * 1000)
