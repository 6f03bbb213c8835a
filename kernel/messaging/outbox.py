"""Outbox: an event is stored in the transaction of the change that it publishes.

Events are never deleted: they are the history of their subject. Until an event is sent, it is also in the index, where
the sweep of the relay finds events that the stream missed.
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
    """FIFO queue to which an event is sent besides the bus. Messages of one group are processed one after another."""

    queue: str
    group: str


# P  events of a subject, in order      pk: the aggregate's partition   sk: EVENT#<subject>#<sequence>
# P  unsent events, oldest first        gsi1pk: UNSENT#<shard>          gsi1sk: <time>#<id>
class EventItem(Item, discriminator="event"):
    """A stored event. `record`: JSON that its publisher stores with it and does not send."""

    body = UnicodeAttribute()
    queue = UnicodeAttribute(null=True)
    group = UnicodeAttribute(null=True)
    record: JSONAttribute = JSONAttribute(null=True)

    @cached_property
    def envelope(self) -> Envelope:
        """The message as it is sent."""
        return Envelope.model_validate_json(self.body)

    @property
    def command(self) -> Command | None:
        """FIFO queue to which the event is also sent, if any."""
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
    """Return the item to `create` in the transaction of the change.

    Args:
        pk: partition of the aggregate, which stores its events.
        sequence: 1 for the subject's first event, then without a gap.
        record: JSON to store with the event and not to send.
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
    """Index partition of one shard of unsent events. One shard has all events of a command group, in order."""
    return f"UNSENT#{shard}"


def history(pk: str, subject: str) -> list[Envelope]:
    """Return all events of a subject, in order."""
    return [message for message, _ in event_history_with_records(pk, subject)]


def event_history_with_records(pk: str, subject: str) -> list[tuple[Envelope, Any]]:
    """Return all events of a subject, in order, each with the `record` stored with it."""
    items = query_all(EventItem, pk, sk=EventItem.sk.startswith(f"EVENT#{subject}#"))
    return [(item.envelope, item.record) for item in items]
