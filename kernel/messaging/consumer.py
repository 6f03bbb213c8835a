"""The consumer loop: every message on its own, only the failed ones return to the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from pydantic_core import from_json

from kernel.base import observability
from kernel.messaging.events import Envelope

Handler = Callable[[Envelope], None]

#: So long one message takes at most, unless its consumer says otherwise.
MESSAGE_SECONDS = 3


class FailedMessage(TypedDict):
    """One entry of Lambda's partial batch response."""

    itemIdentifier: str


class PartialBatch(TypedDict):
    """Lambda's partial batch response: what is named here is delivered again, the rest is deleted from the queue."""

    batchItemFailures: list[FailedMessage]


def each_message(
    event: dict[str, Any], context: Any, handle: Handler, message_seconds: float = MESSAGE_SECONDS
) -> PartialBatch:
    """Hand every message of an SQS event to `handle`; report those that failed.

    With less than `message_seconds` left no further message is begun: it is handed back untouched, for one that was cut
    off in the middle would have to be worked off again from where nobody knows.

    So too in a FIFO queue, which works its groups off one by one for speed, not because anything depends on the order:
    were the rest of the batch handed back with a message that never succeeds, it would end among the dead letters too.
    """
    failed: list[FailedMessage] = []
    try:
        for record in event["Records"]:
            if not _time_left(context, message_seconds) or not _handled(record, handle):
                failed.append({"itemIdentifier": record["messageId"]})
    finally:
        observability.flush_metrics()
    return {"batchItemFailures": failed}


def _time_left(context: Any, seconds: float) -> bool:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return remaining is None or remaining() > seconds * 1000


def _handled(record: dict[str, Any], handle: Handler) -> bool:
    log = observability.logger()
    try:
        message = read_message(record["body"])
        log.info("message", event_id=message.id, event_type=message.type, subject=message.subject)
        handle(message)
    except Exception:
        # Not swallowed: the message goes back to its queue and, after its last attempt, to the dead letters.
        log.exception("message failed", message_id=record.get("messageId"))
        observability.count("MessageFailed")
        return False
    return True


def read_message(body: str) -> Envelope:
    """The envelope in a queue message, sent there by a rule of the bus (under `detail`) or by the relay (bare)."""
    content = from_json(body)
    return Envelope.model_validate(content["detail"] if "detail-type" in content else content)
