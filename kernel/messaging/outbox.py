"""Say it when it is true: the outbox_event is an item of the same transaction as the change it announces.

It stays for ever as the history of its subject; while unsent it also stands in the sparse index, from which the relay's
sweeper finds what the stream missed.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple
from zlib import crc32

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.messaging.events import Envelope, Event, envelope
from kernel.store.items import Item
from kernel.store.read import query_all

SHARDS = 8


class Command(NamedTuple):
    """Besides the bus, hand the message to this FIFO queue; messages of one group are worked off one after another."""

    queue: str
    group: str


class EventItem(Item, discriminator="event"):
    """One outbox_event. `record`: what its publisher keeps with it and does not send.

    P  the history of a subject, in order    pk: the aggregate's partition   sk: EVENT#<subject>#<sequence>
    P  what is not sent yet, oldest first    gsi1pk: UNSENT#<shard>          gsi1sk: <time>#<id>
    """

    body = UnicodeAttribute()
    queue = UnicodeAttribute(null=True)
    group = UnicodeAttribute(null=True)
    record: JSONAttribute = JSONAttribute(null=True)

    @cached_property
    def envelope(self) -> Envelope:
        """The message as it travels."""
        return Envelope.model_validate_json(self.body)

    @property
    def command(self) -> Command | None:
        """The FIFO queue it also goes to, if any."""
        return Command(self.queue, self.group) if self.queue and self.group else None


def outbox_event(
    event: Event,
    *,
    pk: str,
    subject: str,
    sequence: int,
    dealer_id: str | None = None,
    command: Command | None = None,
    record: Any = None,
) -> EventItem:
    """The item to `create` in the transaction that makes the event true.

    Args:
        pk: partition of the aggregate; its events stay there as its history.
        sequence: 1 for the subject's first event, then without a gap.
        record: JSON that is kept with it and not sent.
    """
    message = envelope(event, subject=subject, sequence=sequence, dealer_id=dealer_id)
    return EventItem(
        pk=pk,
        sk=f"EVENT#{subject}#{sequence:06d}",
        body=message.model_dump_json(exclude_none=True),
        queue=command.queue if command else None,
        group=command.group if command else None,
        record=record,
        gsi1pk=shard_key(crc32((command.group if command else pk).encode()) % SHARDS),
        gsi1sk=f"{message.time}#{message.id}",
    )


def shard_key(shard: int) -> str:
    """Index partition of one shard of unsent events; one command group always falls into one shard, so keeps order."""
    return f"UNSENT#{shard}"


def history(pk: str, subject: str) -> list[Envelope]:
    """Everything that happened to a subject, in order."""
    return [message for message, _ in event_history_with_records(pk, subject)]


def event_history_with_records(pk: str, subject: str) -> list[tuple[Envelope, Any]]:
    """The same, each message with what its publisher keeps with it."""
    items = query_all(EventItem, pk, sk=EventItem.sk.startswith(f"EVENT#{subject}#"))
    return [(item.envelope, item.record) for item in items]
