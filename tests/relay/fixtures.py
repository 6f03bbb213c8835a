"""A subscriber and stored events for the tests of the relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from contracts.tickets import TicketProgressed
from kernel.base import observability
from kernel.http.app import ServiceApp
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import Command, EventItem, outbox_event
from kernel.store.transaction import Transaction
from tests.support.world import World

UNSENT = "UNSENT#"


class Subscriber:
    """A service that records the events and the commands it gets."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.commands: list[Envelope] = []
        self.app = ServiceApp("subscriber")

        @self.app.consumer(subscribes=[TicketProgressed])
        def receive_event(message: Envelope) -> None:
            self.events.append(message)

        @self.app.consumer(fifo=True)
        def run_command(message: Envelope) -> None:
            self.commands.append(message)

    def clear(self) -> None:
        self.events.clear()
        self.commands.clear()

    def event_ids(self) -> list[str]:
        """Return ids of the events, each once, in the order of first delivery."""
        return list(dict.fromkeys(message.id for message in self.events))

    def command_ids(self) -> list[str]:
        """Return ids of the commands, each once, in the order of first delivery."""
        return list(dict.fromkeys(message.id for message in self.commands))


def store_event(
    subject: str, sequence: int = 1, *, group: str | None = None, title: str = "灯带不亮", queue: str = "run-command"
) -> str:
    """Store an event in a transaction as a service does, and return the event id."""
    event = TicketProgressed(ticket_id=subject, dealer_id="D0001", step="registered", state="new", title=title)
    command = Command(queue, group) if group else None
    item = outbox_event(
        event, pk="TICKETS#D0001", subject=subject, sequence=sequence, dealer_id="D0001", command=command
    )
    transaction = Transaction()
    transaction.create(item, "event")
    transaction.commit()
    return item.envelope.id


def unsent_ids(world: World) -> list[str]:
    """Return ids of the events in the index."""
    return [
        EventItem(pk=item["pk"], sk=item["sk"], body=item["body"]).envelope.id
        for item in world.items()
        if item.get("gsi1pk", "").startswith(UNSENT)
    ]


@contextmanager
def changed_answers(
    client: Any, operation: str, change: Callable[[dict[str, Any]], None]
) -> Iterator[list[dict[str, Any]]]:
    """Change the answers of an AWS call, and yield the parameters of every call."""
    real = getattr(client, operation)
    calls: list[dict[str, Any]] = []

    def call(**parameters: Any) -> dict[str, Any]:
        calls.append(parameters)
        answer: dict[str, Any] = real(**parameters)
        change(answer)
        return answer

    with patch.object(client, operation, call):
        yield calls


@contextmanager
def measured_counts() -> Iterator[dict[str, int]]:
    """Yield the counts measured inside, by metric name."""
    counts: dict[str, int] = {}
    with patch.object(observability, "count", lambda name, value=1: counts.update({name: value})):
        yield counts
