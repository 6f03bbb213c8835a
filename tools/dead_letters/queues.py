"""The queues of dead letters of a stage, and the messages in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kernel.messaging.consumer import read_message
from kernel.messaging.events import Envelope
from tools import aws, paths
from tools.errors import CommandError
from tools.stage import load_app

_DEAD_LETTERS = re.compile(r"-dlq(\.fifo)?$")
_STAGE = re.compile(r"^qudao-[a-z0-9]+-")
#: So long what is looked at is hidden from others who look; whoever dies meanwhile gives it back by that.
_HIDDEN_SECONDS = 120
#: Long polling asks all servers, so that an empty answer means that the queue is empty.
_POLLING_SECONDS = 1
_BATCH = 10

#: Message attributes of ours: how often a message was sent back, and by which run of the command the last time.
SENT_BACK, SENT_BACK_BY = "SentBack", "SentBackBy"


@dataclass(frozen=True)
class Queue:
    """A queue of dead letters.

    `owner`: the service and function whose work they are; `messages`: how many lie there, `hidden` of them in the hands
    of somebody who looks at them just now; `notes`: it holds what Lambda noted of a stream, not messages of a queue.
    """

    name: str
    url: str
    owner: str
    messages: int
    hidden: int
    notes: bool

    @property
    def short(self) -> str:
        """What it is called within its stage: by the function whose work it holds."""
        return _short(self.name)

    @property
    def is_fifo(self) -> bool:
        """Whether groups of its messages keep their order."""
        return self.name.endswith(".fifo")

    @property
    def source(self) -> str:
        """The queue its messages came from."""
        return _DEAD_LETTERS.sub(r"\1", self.name)


@dataclass(frozen=True)
class Letter:
    """A message that was given up on, as it was received."""

    message_id: str
    receipt: str
    body: str
    attributes: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def event(self) -> Envelope | None:
        """The event in it; None if it cannot be read."""
        try:
            return read_message(self.body)
        except Exception:  # whatever is wrong with it, it lies here and is to be shown
            return None

    @property
    def name(self) -> str:
        """The id of its event, or its own where none can be read."""
        return self.event.id if self.event else self.message_id

    @property
    def names(self) -> frozenset[str]:
        """By these it may be chosen: the id of its event, and its own."""
        return frozenset({self.message_id, self.name})

    @property
    def sent_at(self) -> datetime:
        """When it was put into its queue; of a FIFO queue, when it was given up on."""
        return _moment(self.attributes["SentTimestamp"])

    @property
    def first_received_at(self) -> datetime:
        """When it was first taken in hand."""
        return _moment(self.attributes["ApproximateFirstReceiveTimestamp"])

    @property
    def receives(self) -> int:
        """How often it was taken in hand, by whoever looked too."""
        return int(self.attributes["ApproximateReceiveCount"])

    @property
    def group(self) -> str | None:
        """Its message group, in a FIFO queue."""
        return self.attributes.get("MessageGroupId")

    @property
    def sent_back(self) -> int:
        """How often it was sent back before it came here again."""
        return int(self.more.get(SENT_BACK, {}).get("StringValue", 0))

    @property
    def sent_back_by(self) -> str | None:
        """The run of the command that sent it back the last time."""
        found: str | None = self.more.get(SENT_BACK_BY, {}).get("StringValue")
        return found


def find(stage: str) -> list[Queue]:
    """The queues of dead letters of a stage, by name."""
    pages = aws.sqs().get_paginator("list_queues").paginate(QueueNamePrefix=f"qudao-{stage}-")
    owners, urls = _owners(), (url for page in pages for url in page.get("QueueUrls", []))
    found = {name: url for url in urls if _DEAD_LETTERS.search(name := url.rsplit("/", 1)[-1])}
    return [_queue(name, url, owners) for name, url in sorted(found.items())]


def named(stage: str, name: str) -> Queue:
    """The queue of dead letters of this name: `qudao-prod-update-credit-dlq`, `update-credit-dlq` or `update-credit`.

    Raises:
        CommandError: there is none.
    """
    known = {queue.short: queue for queue in find(stage)}
    wanted = _short(name)
    elsewhere = bool(_STAGE.match(name)) and not name.startswith(f"qudao-{stage}-")
    if elsewhere or wanted not in known:
        raise CommandError(
            f"没有死信队列 '{name}',可选:{', '.join(known)} / there is no dead-letter queue '{name}': "
            f"choose from {', '.join(known) or 'none; this stage has no queues'}"
        )
    return known[wanted]


def receive(queue: Queue) -> list[Letter]:
    """Take some messages in hand; none when there are no more that nobody has in hand. Of a FIFO group the next come
    only when these are gone."""
    answer = aws.sqs().receive_message(
        QueueUrl=queue.url,
        MaxNumberOfMessages=_BATCH,
        VisibilityTimeout=_HIDDEN_SECONDS,
        WaitTimeSeconds=_POLLING_SECONDS,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return [
        Letter(
            one["MessageId"],
            one["ReceiptHandle"],
            one["Body"],
            {str(name): value for name, value in one.get("Attributes", {}).items()},
            {name: dict(value) for name, value in one.get("MessageAttributes", {}).items()},
        )
        for one in answer.get("Messages", [])
    ]


def put_back(queue: Queue, letters: Iterable[Letter]) -> None:
    """Let others see messages again that were taken in hand; if that fails they do by themselves, a little later."""
    in_hand = list(letters)
    with suppress(BotoCoreError, ClientError):
        for start in range(0, len(in_hand), _BATCH):
            aws.sqs().change_message_visibility_batch(
                QueueUrl=queue.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                    for number, letter in enumerate(in_hand[start : start + _BATCH])
                ],
            )


def look(queue: Queue, most: int) -> list[Letter]:
    """At most so many messages of a queue, oldest first. Of a FIFO group only the first ten can be seen."""
    letters: dict[str, Letter] = {}
    try:
        while len(letters) < most and (batch := receive(queue)):
            letters |= {letter.message_id: letter for letter in batch}
    finally:
        put_back(queue, letters.values())
    return sorted(letters.values(), key=lambda letter: letter.sent_at)[:most]


def _queue(name: str, url: str, owners: dict[str, tuple[str, bool]]) -> Queue:
    found = aws.sqs().get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    visible = int(found.get("ApproximateNumberOfMessages", 0))
    hidden = int(found.get("ApproximateNumberOfMessagesNotVisible", 0))
    owner, notes = owners.get(_short(name), ("-", False))
    return Queue(name, url, owner, visible + hidden, hidden, notes)


def _owners() -> dict[str, tuple[str, bool]]:
    """Service and function by queue, and whether what failed are records of a stream."""
    owners: dict[str, tuple[str, bool]] = {}
    for service in paths.services():
        app = load_app(service)
        owners |= {spec.queue: (f"{service}.{spec.function}", False) for spec in app.consumers}
        owners |= {spec.function.replace("_", "-"): (f"{service}.{spec.function}", True) for spec in app.streams}
    return owners


def _short(name: str) -> str:
    return _DEAD_LETTERS.sub("", _STAGE.sub("", name.removesuffix(".fifo")))


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
