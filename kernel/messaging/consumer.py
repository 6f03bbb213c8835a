"""The consumer loop: every message is handled separately, and only the failed ones return to the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from pydantic_core import from_json

from kernel.base import observability
from kernel.messaging import retries
from kernel.messaging.events import Envelope

Handler = Callable[[Envelope], None]

#: The longest time of one message, unless its consumer declares another.
MESSAGE_SECONDS = 3


class FailedMessage(TypedDict):
    """One entry of Lambda's partial batch response."""

    itemIdentifier: str


class PartialBatch(TypedDict):
    """Lambda's partial batch response: SQS delivers the messages named here again, and deletes the rest."""

    batchItemFailures: list[FailedMessage]


def each_message(
    event: dict[str, Any], context: Any, handle: Handler, message_seconds: float = MESSAGE_SECONDS
) -> PartialBatch:
    """Hand every message of an SQS event to `handle`; report those that return to their queue.

    With less than `message_seconds` left, the loop begins no further message and hands it back untouched. A message cut
    off in the middle would have to be repeated from an unknown point.

    A FIFO queue is treated alike: it keeps its groups in order for fairness, and nothing depends on the order. If the
    rest of a group waited for a message that never succeeds, its orders would wait for minutes.
    """
    returned: list[FailedMessage] = []
    with observability.log_invocation(context):
        for record in event["Records"]:
            if not _time_left(context, message_seconds):
                returned.append({"itemIdentifier": record["messageId"]})
                with _logged_failure("message not returned at once", record):
                    retries.return_at_once(record)
            elif not _done(record, handle):
                returned.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": returned}


def _time_left(context: Any, seconds: float) -> bool:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return remaining is None or remaining() > seconds * 1000


def _done(record: dict[str, Any], handle: Handler) -> bool:
    """Handle a message, and return True if its queue may delete it: it is handled, or another queue has it now."""
    log = observability.logger()
    try:
        retries.require_attempt_left(record)
        message = read_message(record["body"])
        observability.correlate(message.id)
        log.info("message", event_id=message.id, event_type=message.type, subject=message.subject)
        handle(message)
    except Exception as error:
        # The error is not lost: the message is tried again and, after its last attempt, lies among the dead letters.
        log.exception("message failed", message_id=record["messageId"], attempt=retries.attempts_before(record) + 1)
        observability.count("MessageFailed")
        with _logged_failure("message not sent to be tried again", record):
            return retries.retry_later(record, error)
        return False
    finally:
        # The next message may be unreadable, and then has no event id.
        observability.correlate(None)
    return True


@contextmanager
def _logged_failure(what: str, record: dict[str, Any]) -> Iterator[None]:
    """Log a failure of the calls inside. The message then returns after the visibility timeout of its queue."""
    try:
        yield
    except Exception:
        observability.logger().exception(what, message_id=record["messageId"])


def read_message(body: str) -> Envelope:
    """Return the envelope in a queue message: under `detail` from a rule of the bus, bare from the relay."""
    content = from_json(body)
    return Envelope.model_validate(content["detail"] if "detail-type" in content else content)
