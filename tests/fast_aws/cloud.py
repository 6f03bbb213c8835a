"""Interface of a cloud for tests, and what it contains at the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple, Protocol

from tests.fast_aws.items import Item, Key

ACCOUNT, REGION = "123456789012", "us-east-1"

#: Items of a table by partition key and sort key.
Partitions = Mapping[str, Mapping[str, Item]]


#: Suffix as in kernel/messaging/retries.py, which is not imported: planted bugs change the kernel before its import.
RETRY_SUFFIX = "-retry"


class QueueSetup(NamedTuple):
    """A queue, and the event types that the bus sends to it."""

    name: str
    fifo: bool
    subscribes: Sequence[str]


@dataclass(frozen=True)
class CloudSetup:
    """One table, one bus, secrets by name, and queues; each queue has a dead-letter queue."""

    table: str
    bus: str
    secrets: Mapping[str, str]
    queues: Sequence[QueueSetup]
    max_receives: int


class Cloud(Protocol):
    """The AWS services that a test world uses."""

    def reset(self, setup: CloudSetup) -> None:
        """Delete everything and create the resources of the setup."""

    def answer_calls(self) -> AbstractContextManager[None]:
        """Answer every AWS call made inside the block."""

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Yield every item in wire form, with its key."""

    def partitions(self) -> Partitions:
        """Return the items by partition key and sort key. An unchanged partition may be the same object as before."""

    def find(self, key: Key) -> Item | None:
        """Return one item in wire form."""

    def send_message(self, queue: str, body: str) -> None:
        """Send a message to a standard queue."""

    def save(self) -> Any:
        """Return the whole state, to be restored any number of times."""

    def restore(self, saved: Any) -> None:
        """Return to a saved state."""

    def stream_records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Return stream records in the form Lambda receives them."""

    def stream_length(self) -> int:
        """Return the number of stream records."""

    def queue_names(self) -> list[str]:
        """Return the names of all queues, dead-letter queues included."""

    def message_bodies(self, queue: str) -> list[str]:
        """Return the bodies of all messages in a queue, in order."""

    def receive_messages(self, queue: str, max_messages: int, order: Random | None = None) -> list[dict[str, Any]]:
        """Receive messages in the form Lambda receives them: in order, or in any order that SQS may choose."""

    def return_message(self, queue: str, record: Mapping[str, Any]) -> None:
        """Make a failed message visible again at once."""

    def delete_message(self, queue: str, record: Mapping[str, Any]) -> None:
        """Delete a message that was handled."""


def replaced_items(before: Partitions, after: Partitions) -> Iterator[tuple[Key, Item | None, Item | None]]:
    """Yield the items that are not the same object in two states, in no order: key, old and new, None without one.

    Items and partitions are never changed in place, so most of a table is skipped unseen. The two items may be equal.
    """
    for pk in before.keys() | after.keys():
        old, new = before.get(pk, {}), after.get(pk, {})
        if old is not new:
            for sk in old.keys() | new.keys():
                if old.get(sk) is not new.get(sk):
                    yield (pk, sk), old.get(sk), new.get(sk)
