"""Back to the queue they came from: sent first, deleted then. Whoever is killed in between sends a message twice at
worst, and every consumer counts a message once; in a FIFO queue the second is not even delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools import aws
from tools.dead_letters.queues import SENT_BACK, SENT_BACK_BY, Letter, Queue, put_back, receive
from tools.errors import CommandError


@dataclass
class Redriven:
    """What became of the messages of a queue, each by the id of its event, or its own where it has none.

    `sent`: sent back and deleted here; `kept`: sent back, but not deleted, so that they are sent once more the next
    time; `failed`: not sent back; `returned`: sent back in this run and here again; `missing`: asked for and not found;
    `unseen`: so many lie there too, but are in other hands just now.
    """

    sent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unseen: int = 0

    @property
    def is_done(self) -> bool:
        """Whether everything that was to go back went."""
        return not (self.kept or self.failed or self.returned or self.missing or self.unseen)


def redrive(
    queue: Queue, wanted: frozenset[str] | None, run: str, tell: Callable[[str], None] = lambda _: None
) -> Redriven:
    """Send messages back to the queue they came from, in the order in which they lie there.

    Args:
        wanted: ids of events or messages; None for all.
        run: names this run; what it sent back and finds again it leaves where it is.
        tell: is told each id that was sent back.

    Raises:
        CommandError: the queue holds no messages of a queue.
    """
    if queue.notes:
        raise CommandError(
            f"{queue.name} 只是记录,无需重投 / {queue.name} holds notes about the stream, not messages: "
            "the sweeper sends what they are about, so purge it when OldestUnsentSeconds is back at 0"
        )
    source = aws.sqs().get_queue_url(QueueName=queue.source)["QueueUrl"]
    done, left = Redriven(), set(wanted or ())
    aside: dict[str, Letter] = {}
    try:
        while wanted is None or left:
            letters = [letter for letter in receive(queue) if letter.message_id not in aside]
            if not letters:
                break
            for letter in letters:
                if wanted is None or letter.names & wanted:
                    left -= letter.names
                    becomes = _send_back(queue, source, letter, run, blocked={one.group for one in aside.values()})
                    getattr(done, becomes).append(letter.name)
                    if becomes == "sent":
                        tell(letter.name)
                        continue
                aside[letter.message_id] = letter
    finally:
        put_back(queue, aside.values())
    done.missing = sorted(left)
    if wanted is None:
        done.unseen = max(0, queue.messages - len(done.sent) - len(aside))
    return done


def _send_back(queue: Queue, source: str, letter: Letter, run: str, blocked: set[str | None]) -> str:
    """What becomes of a message, by the name of the list in `Redriven`.

    Args:
        blocked: groups of which a message stays here: what stands behind it must not overtake it.
    """
    if letter.sent_back_by == run:
        return "returned"
    if (letter.group and letter.group in blocked) or not _send(source, queue, letter, run):
        return "failed"
    return "sent" if _delete(queue, letter) else "kept"


def _send(source: str, queue: Queue, letter: Letter, run: str) -> bool:
    """Whether the source queue took it. A FIFO queue drops what it was given under the same name within five minutes:
    so a message bears a name of its stay among the dead letters, which is new, and the same if we try again."""
    message: dict[str, Any] = {
        "QueueUrl": source,
        "MessageBody": letter.body,
        "MessageAttributes": {
            **letter.more,
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


def _delete(queue: Queue, letter: Letter) -> bool:
    try:
        aws.sqs().delete_message(QueueUrl=queue.url, ReceiptHandle=letter.receipt)
    except (BotoCoreError, ClientError):
        return False
    return True
