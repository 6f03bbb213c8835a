"""Dead-letter queues of a stage, and their messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from kernel.messaging.consumer import read_message
from kernel.messaging.events import Envelope, UnknownEvent
from kernel.messaging.retries import ATTEMPTS, FIRST_ATTEMPT_AT, REASON
from tools import aws, paths
from tools.errors import CommandError
from tools.stage import load_app

_DEAD_LETTERS = re.compile(r"-dlq(\.fifo)?$")
_STAGE = re.compile(r"^qudao-[a-z0-9]+-")
#: Received messages are hidden for this time, and visible again after it if this process dies.
_HIDDEN_SECONDS = 120
#: Long polling asks all servers, so an empty response means that the queue is empty.
_POLLING_SECONDS = 1
_BATCH = 10

#: Message attributes of this command: number of redrives, and the run of the last one.
SENT_BACK, SENT_BACK_BY = "SentBack", "SentBackBy"


@dataclass(frozen=True)
class DeadLetterQueue:
    """A dead-letter queue.

    `owner`: service and function of the failed messages; `messages`: their number, `hidden` of them received by another
    process just now; `notes`: Lambda writes notes about failed stream records here, not messages.
    """

    name: str
    url: str
    owner: str
    messages: int
    hidden: int
    notes: bool

    @property
    def short_name(self) -> str:
        """Name within its stage: `update-credit`."""
        return _short_name(self.name)

    @property
    def is_fifo(self) -> bool:
        """True for a FIFO queue."""
        return self.name.endswith(".fifo")

    @property
    def source(self) -> str:
        """Name of the queue that its messages failed in."""
        return _DEAD_LETTERS.sub(r"\1", self.name)


@dataclass(frozen=True)
class DeadLetter:
    """A message that failed all its attempts, as it was received."""

    message_id: str
    receipt_handle: str
    body: str
    attributes: dict[str, str] = field(default_factory=dict)
    message_attributes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def event(self) -> Envelope | None:
        """Its event, None if it cannot be read."""
        try:
            return read_message(self.body)
        except Exception:  # a malformed message is shown too
            return None

    @property
    def unreadable_because(self) -> str | None:
        """Reason for which no handler can read it, Chinese and English; None if one can."""
        try:
            read_message(self.body).event  # noqa: B018 -- reading the event checks its content
        except ValidationError as error:
            fields = ", ".join(dict.fromkeys(".".join(map(str, one["loc"])) for one in error.errors(include_url=False)))
            if not fields:
                return "不是事件 / it is no event"
            return f"这些字段缺失或有误:{fields} / fields missing or wrong: {fields}"
        except UnknownEvent as error:
            return f"没有这种事件:{error} / no such event type: {error}"
        except ValueError:
            return "不是 JSON / it is not JSON"
        except TypeError:  # a number or null
            return "不是事件 / it is no event"
        return None

    @property
    def id(self) -> str:
        """Id of its event, or its message id without a readable event."""
        return self.event.id if self.event else self.message_id

    @property
    def ids(self) -> frozenset[str]:
        """Ids that an operator may choose it by: of its event, and of the message."""
        return frozenset({self.message_id, self.id})

    @property
    def sent_at(self) -> datetime:
        """Moment at which it was given up; if SQS moved it here from a standard queue, at which it was sent."""
        return _moment(self.attributes["SentTimestamp"])

    @property
    def first_received_at(self) -> datetime:
        """Moment of the first attempt."""
        return _moment(self._attribute(FIRST_ATTEMPT_AT) or self.attributes["ApproximateFirstReceiveTimestamp"])

    @property
    def receives(self) -> int:
        """Number of attempts; if SQS moved it here, of receives, those of this command included."""
        return int(self._attribute(ATTEMPTS) or self.attributes["ApproximateReceiveCount"])

    @property
    def group(self) -> str | None:
        """Message group in a FIFO queue."""
        return self.attributes.get("MessageGroupId")

    @property
    def reason(self) -> str | None:
        """Error of its last attempt; None if its function was stopped each time, so that SQS moved it here."""
        return self._attribute(REASON)

    @property
    def sent_back(self) -> int:
        """Number of redrives before it failed again."""
        return int(self._attribute(SENT_BACK) or 0)

    @property
    def sent_back_by(self) -> str | None:
        """Run of the command that sent it back last."""
        return self._attribute(SENT_BACK_BY)

    def _attribute(self, name: str) -> str | None:
        value: str | None = self.message_attributes.get(name, {}).get("StringValue")
        return value


def dead_letter_queues(stage: str) -> list[DeadLetterQueue]:
    """Return the dead-letter queues of a stage, sorted by name."""
    owners = _owners()
    found = {name: url for url in _queue_urls(stage) if _DEAD_LETTERS.search(name := url.rsplit("/", 1)[-1])}
    return [_queue(name, url, owners) for name, url in sorted(found.items())]


@dataclass(frozen=True)
class WaitingQueue:
    """A queue with messages that are not dead letters.

    `waiting`: not begun; `hidden`: being handled, or failed and tried again later.
    """

    short_name: str
    waiting: int
    hidden: int


def waiting_queues(stage: str) -> list[WaitingQueue]:
    """Return the queues of a stage with messages that are not dead letters, sorted by name."""
    urls = (url for url in _queue_urls(stage) if not _DEAD_LETTERS.search(url))
    found = [_waiting_queue(url) for url in sorted(urls)]
    return [queue for queue in found if queue.waiting or queue.hidden]


def _waiting_queue(url: str) -> WaitingQueue:
    names = ["", "NotVisible", "Delayed"]
    asked: list[Any] = [f"ApproximateNumberOfMessages{name}" for name in names]
    counts = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
    waiting, hidden, delayed = (int(counts.get(name, 0)) for name in asked)
    return WaitingQueue(_short_name(url.rsplit("/", 1)[-1]), waiting, hidden + delayed)


def _queue_urls(stage: str) -> Iterator[str]:
    pages = aws.sqs().get_paginator("list_queues").paginate(QueueNamePrefix=f"qudao-{stage}-")
    return (url for page in pages for url in page.get("QueueUrls", []))


def dead_letter_queue(stage: str, name: str) -> DeadLetterQueue:
    """Return a queue by its name: `qudao-prod-update-credit-dlq`, `update-credit-dlq` or `update-credit`.

    Raises:
        CommandError: there is no such queue.
    """
    known = {queue.short_name: queue for queue in dead_letter_queues(stage)}
    wanted = _short_name(name)
    is_of_other_stage = bool(_STAGE.match(name)) and not name.startswith(f"qudao-{stage}-")
    if is_of_other_stage or wanted not in known:
        raise CommandError(
            f"没有死信队列 '{name}',可选:{', '.join(known)} / there is no dead-letter queue '{name}': "
            f"choose from {', '.join(known) or 'none; this stage has no queues'}"
        )
    return known[wanted]


def receive(queue: DeadLetterQueue) -> list[DeadLetter]:
    """Receive some messages; none if no more are visible. A FIFO group is blocked until these are deleted."""
    response = aws.sqs().receive_message(
        QueueUrl=queue.url,
        MaxNumberOfMessages=_BATCH,
        VisibilityTimeout=_HIDDEN_SECONDS,
        WaitTimeSeconds=_POLLING_SECONDS,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return [
        DeadLetter(
            message["MessageId"],
            message["ReceiptHandle"],
            message["Body"],
            {str(name): value for name, value in message.get("Attributes", {}).items()},
            {name: dict(value) for name, value in message.get("MessageAttributes", {}).items()},
        )
        for message in response.get("Messages", [])
    ]


def make_visible(queue: DeadLetterQueue, letters: Iterable[DeadLetter]) -> None:
    """Make received messages visible again; if that fails, they become visible two minutes later."""
    received = list(letters)
    with suppress(BotoCoreError, ClientError):
        for start in range(0, len(received), _BATCH):
            aws.sqs().change_message_visibility_batch(
                QueueUrl=queue.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": letter.receipt_handle, "VisibilityTimeout": 0}
                    for number, letter in enumerate(received[start : start + _BATCH])
                ],
            )


def peek(queue: DeadLetterQueue, at_most: int) -> list[DeadLetter]:
    """Return messages of a queue, oldest first, and leave them there. A FIFO group shows only its first ten."""
    letters: dict[str, DeadLetter] = {}
    try:
        while len(letters) < at_most and (batch := receive(queue)):
            letters |= {letter.message_id: letter for letter in batch}
    finally:
        make_visible(queue, letters.values())
    return sorted(letters.values(), key=lambda letter: letter.sent_at)[:at_most]


def _queue(name: str, url: str, owners: dict[str, tuple[str, bool]]) -> DeadLetterQueue:
    counts = aws.sqs().get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    visible = int(counts.get("ApproximateNumberOfMessages", 0))
    hidden = int(counts.get("ApproximateNumberOfMessagesNotVisible", 0))
    owner, notes = owners.get(_short_name(name), ("-", False))
    return DeadLetterQueue(name, url, owner, visible + hidden, hidden, notes)


def _owners() -> dict[str, tuple[str, bool]]:
    """Return service and function by queue, and whether the queue gets notes about a stream."""
    owners: dict[str, tuple[str, bool]] = {}
    for service in paths.services():
        app = load_app(service)
        owners |= {spec.queue: (f"{service}.{spec.function}", False) for spec in app.consumers}
        owners |= {spec.function.replace("_", "-"): (f"{service}.{spec.function}", True) for spec in app.streams}
    return owners


def _short_name(name: str) -> str:
    return _DEAD_LETTERS.sub("", _STAGE.sub("", name.removesuffix(".fifo")))


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
