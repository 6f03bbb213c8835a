"""Redrive of dead letters: send each back to its queue, then delete it here.

A process that dies in between sends a message twice at worst. Every consumer applies a message once; a FIFO queue does
not even deliver the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools import aws
from tools.dead_letters.queues import SENT_BACK, SENT_BACK_BY, DeadLetter, DeadLetterQueue, make_visible, receive
from tools.errors import CommandError


@dataclass
class RedriveOutcome:
    """Outcome of a redrive: ids of events, or of messages without a readable event.

    `sent`: sent back and deleted here; `kept`: sent back and not deleted, so they are sent again next time;
    `failed`: not sent back; `returned`: sent back in this run and failed again; `missing`: chosen and not found;
    `unseen`: number of further messages that another process has received just now.
    """

    sent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unseen: int = 0

    @property
    def is_done(self) -> bool:
        """True if every chosen message was sent back."""
        return not (self.kept or self.failed or self.returned or self.missing or self.unseen)


def redrive(
    queue: DeadLetterQueue, chosen: frozenset[str] | None, run: str, on_sent: Callable[[str], None] = lambda _: None
) -> RedriveOutcome:
    """Send messages back to the queue that they failed in, in their order.

    Args:
        chosen: ids of events or messages; None for all.
        run: id of this run; messages that it has sent back already stay here.
        on_sent: called with each id that was sent back.

    Raises:
        CommandError: the queue contains notes about a stream.
    """
    if queue.notes:
        raise CommandError(
            f"{queue.name} 只是记录,无需重投 / {queue.name} contains notes about the stream, not messages: "
            "the sweeper sends the events that they are about, so purge it when OldestUnsentSeconds is back at 0"
        )
    source = aws.sqs().get_queue_url(QueueName=queue.source)["QueueUrl"]
    outcome, missing = RedriveOutcome(), set(chosen or ())
    staying: dict[str, DeadLetter] = {}
    try:
        while chosen is None or missing:
            letters = [letter for letter in receive(queue) if letter.message_id not in staying]
            if not letters:
                break
            for letter in letters:
                if chosen is None or letter.ids & chosen:
                    missing -= letter.ids
                    blocked = {earlier.group for earlier in staying.values()}
                    result = _send_back(queue, source, letter, run, blocked)
                    getattr(outcome, result).append(letter.id)
                    if result == "sent":
                        on_sent(letter.id)
                        continue
                staying[letter.message_id] = letter
    finally:
        make_visible(queue, staying.values())
    outcome.missing = sorted(missing)
    if chosen is None:
        outcome.unseen = max(0, queue.messages - len(outcome.sent) - len(staying))
    return outcome


def _send_back(queue: DeadLetterQueue, source: str, letter: DeadLetter, run: str, blocked: set[str | None]) -> str:
    """Send a message back and return the name of its list in `RedriveOutcome`.

    Args:
        blocked: groups with a message that stays here; later messages must not overtake it.
    """
    if letter.sent_back_by == run:
        return "returned"
    if (letter.group and letter.group in blocked) or not _send(source, queue, letter, run):
        return "failed"
    return "sent" if _delete(queue, letter) else "kept"


def _send(source: str, queue: DeadLetterQueue, letter: DeadLetter, run: str) -> bool:
    """Send a message and return whether the source queue accepted it.

    A FIFO queue drops a message whose deduplication id it has seen within five minutes. So the id contains the message
    id of the dead letter: new after each failure, and the same if this command tries again.
    """
    message: dict[str, Any] = {
        "QueueUrl": source,
        "MessageBody": letter.body,
        "MessageAttributes": {
            **letter.message_attributes,
            SENT_BACK: {"DataType": "Number", "StringValue": str(letter.sent_back + 1)},
            SENT_BACK_BY: {"DataType": "String", "StringValue": run},
        },
    }
    if queue.is_fifo:
        message |= {"MessageGroupId": letter.group, "MessageDeduplicationId": f"sent-back-{letter.message_id}"}
    try:
        aws.sqs().send_message(**message)
    except (BotoCoreError, ClientError):
        return False
    return True


def _delete(queue: DeadLetterQueue, letter: DeadLetter) -> bool:
    try:
        aws.sqs().delete_message(QueueUrl=queue.url, ReceiptHandle=letter.receipt_handle)
    except (BotoCoreError, ClientError):
        return False
    return True
