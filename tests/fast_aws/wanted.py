"""What a world asks of its cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple, Protocol

from tests.fast_aws.items import Item, Key

ACCOUNT, REGION = "123456789012", "us-east-1"


class WantedQueue(NamedTuple):
    """A queue, and the events of the bus that go there."""

    name: str
    fifo: bool
    hears: Sequence[str]


@dataclass(frozen=True)
class Wanted:
    """One table, one bus, secrets by name, and queues; each queue has its dead letters."""

    table: str
    bus: str
    secrets: Mapping[str, str]
    queues: Sequence[WantedQueue]
    max_receives: int


class Cloud(Protocol):
    """What stands behind a world."""

    def empty(self, wanted: Wanted) -> None:
        """Begin anew."""

    def answering(self) -> AbstractContextManager[None]:
        """Answer every AWS call made inside."""

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Every item in the form it travels in, by its key."""

    def partitions(self) -> Mapping[str, Mapping[str, Item]]:
        """The same by the two parts of the key, as it is now; a partition in which nothing changed may be the same."""

    def find(self, key: Key) -> Item | None:
        """One item in the form it travels in."""

    def send(self, queue: str, body: str) -> None:
        """Put a message into a standard queue."""

    def save(self) -> Any:
        """All there is, to be restored any number of times."""

    def restore(self, saved: Any) -> None:
        """Everything as it was saved."""

    def records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Stream records as Lambda gets them."""

    def stream_length(self) -> int:
        """How many there are."""

    def queue_names(self) -> list[str]:
        """All queues, with those of dead letters."""

    def bodies(self, queue: str) -> list[str]:
        """What stands in a queue, in order."""

    def receive(self, queue: str, most: int, order: Random | None = None) -> list[dict[str, Any]]:
        """Take messages in hand, as Lambda gets them, in order or in any that SQS may choose."""

    def give_back(self, queue: str, record: Mapping[str, Any]) -> None:
        """It failed, and may be received again at once."""

    def done(self, queue: str, record: Mapping[str, Any]) -> None:
        """It went through, and is gone."""
