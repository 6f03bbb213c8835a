"""SQS in memory: standard and FIFO queues with delays, visibility, deduplication by group, and dead letters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.fast_aws.items import Refusal

_REMEMBERED = timedelta(minutes=5)
_MAX_BATCH = 10
_MAX_BYTES = 256 * 1024
_MAX_DELAY_SECONDS = 900


@dataclass
class Message:
    """One message; under way it is hidden until `visible_at`."""

    number: int
    body: str
    sent_at: datetime
    visible_at: datetime
    group: str | None = None
    deduplication_id: str | None = None
    received: int = 0
    first_received_at: datetime | None = None
    in_hand: bool = False

    @property
    def id(self) -> str:
        """Its id, which is also what it is deleted by."""
        return f"message-{self.number:08d}"


@dataclass
class Queue:
    """One queue; what fails `max_receives` times goes to `dead_letters`."""

    name: str
    fifo: bool = False
    dead_letters: Queue | None = None
    max_receives: int = 0
    messages: list[Message] = field(default_factory=list)
    remembered: dict[tuple[str | None, str], tuple[datetime, int]] = field(default_factory=dict)


class Queues:
    """All queues; `now` tells their time."""

    def __init__(self, account: str, region: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self._address = f"https://sqs.{region}.amazonaws.com/{account}/"
        self.queues: dict[str, Queue] = {}
        self._sent = 0

    def create(self, name: str, *, fifo: bool, max_receives: int) -> None:
        """A queue with its dead letters."""
        suffix = ".fifo" if fifo else ""
        dead = Queue(f"{name.removesuffix(suffix)}-dlq{suffix}", fifo)
        self.queues[dead.name] = dead
        self.queues[name] = Queue(name, fifo, dead, max_receives)

    def save(self) -> Any:
        """What stands in them."""
        kept = {
            name: ([copy(message) for message in queue.messages], dict(queue.remembered))
            for name, queue in self.queues.items()
        }
        return self._sent, kept

    def restore(self, saved: Any) -> None:
        """As it was saved; queues the saved state does not know are empty."""
        self._sent, kept = saved
        for name, queue in self.queues.items():
            messages, remembered = kept.get(name, ([], {}))
            queue.messages = [copy(message) for message in messages]
            queue.remembered = dict(remembered)

    # ---- as the SDK asks ----

    def answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Do one operation.

        Raises:
            Refusal: what SQS would refuse.
            NotImplementedError: an operation it does not know.
        """
        if operation == "GetQueueUrl":
            return {"QueueUrl": self._address + self._named(params["QueueName"]).name}
        if operation == "SendMessage":
            queue = self._named(params["QueueUrl"].rpartition("/")[2])
            return _accepted(self._send(queue, params))
        if operation == "SendMessageBatch":
            return self._send_batch(self._named(params["QueueUrl"].rpartition("/")[2]), params["Entries"])
        raise NotImplementedError(f"the fast queues do not know {operation}")

    def _send_batch(self, queue: Queue, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        if not entries:
            raise Refusal("AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one entry.")
        if len(entries) > _MAX_BATCH:
            raise Refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries is 10.")
        if len({entry["Id"] for entry in entries}) < len(entries):
            raise Refusal("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Ids of entries must be distinct.")
        if sum(len(entry["MessageBody"].encode()) for entry in entries) > _MAX_BYTES:
            raise Refusal("AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than 262144.")
        return {
            "Successful": [{"Id": entry["Id"], **_accepted(self._send(queue, entry))} for entry in entries],
            "Failed": [],
        }

    def _send(self, queue: Queue, entry: Mapping[str, Any]) -> Message:
        known = {"QueueUrl", "Id", "MessageBody", "MessageGroupId", "MessageDeduplicationId", "DelaySeconds"}
        if not known.issuperset(entry):
            raise NotImplementedError(f"the fast queues do not know {sorted(entry.keys() - known)}")
        body, delay = entry["MessageBody"], entry.get("DelaySeconds", 0)
        if not body or len(body.encode()) > _MAX_BYTES:
            raise Refusal("InvalidParameterValue", "The message must be of 1 to 262144 bytes.")
        if not 0 <= delay <= _MAX_DELAY_SECONDS:
            raise Refusal("InvalidParameterValue", "DelaySeconds must be >= 0 and <= 900.")
        if queue.fifo and not (entry.get("MessageGroupId") and entry.get("MessageDeduplicationId")):
            raise Refusal("MissingParameter", "The request must contain the parameter MessageGroupId.")
        return self.put(queue.name, body, delay, entry.get("MessageGroupId"), entry.get("MessageDeduplicationId"))

    def _named(self, name: str) -> Queue:
        if name not in self.queues:
            raise Refusal("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return self.queues[name]

    # ---- as the bus and Lambda do ----

    def put(
        self, name: str, body: str, delay: int = 0, group: str | None = None, deduplication_id: str | None = None
    ) -> Message:
        """Put a message into a queue, unless it is a repeat within five minutes."""
        queue, now = self.queues[name], self._now()
        self._sent += 1
        message = Message(self._sent, body, now, now + timedelta(seconds=delay), group, deduplication_id)
        if queue.fifo and deduplication_id:
            moment, number = queue.remembered.get((group, deduplication_id), (None, 0))
            if moment is not None and now - moment < _REMEMBERED:
                message.number = number
                return message
            queue.remembered[group, deduplication_id] = now, message.number
        queue.messages.append(message)
        return message

    def receive(self, name: str, most: int, order: Random | None = None) -> list[Message]:
        """Take up to `most` visible messages in hand, in their order, or a standard queue's in any order.

        Of a FIFO group nothing is handed out while some of it is in hand. What was received too often goes to the dead
        letters instead.
        """
        queue, now = self.queues[name], self._now()
        candidates = list(queue.messages)
        if order is not None:
            candidates = _shuffled(queue, candidates, order)
        barred = {message.group for message in queue.messages if message.in_hand} if queue.fifo else set()
        taken: list[Message] = []
        for message in candidates:
            if message.in_hand or message.visible_at > now or (queue.fifo and message.group in barred):
                barred.add(message.group)  # what comes after it in its group must wait for it
                continue
            if queue.dead_letters is not None and message.received >= queue.max_receives:
                queue.messages.remove(message)
                queue.dead_letters.messages.append(message)
                continue
            message.received += 1
            message.first_received_at = message.first_received_at or now
            message.in_hand = True
            taken.append(message)
            if len(taken) == most:
                break
        return taken

    def give_back(self, name: str, ident: str) -> None:
        """It was not taken: it may be received again at once."""
        for message in self.queues[name].messages:
            if message.id == ident:
                message.in_hand = False

    def done(self, name: str, ident: str) -> None:
        """It was taken: it is gone."""
        queue = self.queues[name]
        queue.messages = [message for message in queue.messages if message.id != ident]


def _shuffled(queue: Queue, messages: list[Message], order: Random) -> list[Message]:
    """In any order; within a FIFO group in its own."""
    if not queue.fifo:
        order.shuffle(messages)
        return messages
    groups = sorted({str(message.group) for message in messages})
    order.shuffle(groups)
    return [message for group in groups for message in messages if message.group == group]


def _accepted(message: Message) -> dict[str, Any]:
    md5 = hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest()
    return {"MessageId": message.id, "MD5OfMessageBody": md5}
