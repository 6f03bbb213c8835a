"""Retries of a failed message: soon at first, then less often, and its reason beside it among the dead letters.

SQS by itself shows a failed message again after the visibility timeout of its queue, which covers the slowest batch. A
failure that passes would cost a minute or more, and in a FIFO queue all later messages of the group would wait too.
So a message chooses its own time here. That of a FIFO queue leaves its group for the retry queue beside it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from kernel.store import aws

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

#: Seconds before each further attempt. After the last one the message becomes a dead letter.
RETRY_SECONDS = (2, 10, 30, 60)
#: Share of these seconds that chance adds or takes away, so that what failed together is not tried again together.
_JITTER = 0.2

#: Suffixes of the queues beside a queue. The retry queue of a FIFO queue is a standard queue.
RETRY_SUFFIX, DEAD_LETTER_SUFFIX, _FIFO_SUFFIX = "-retry", "-dlq", ".fifo"

#: Message attributes: why the last attempt failed, how many there were, the moment of the first (milliseconds since
#: 1970), and the FIFO group of a message in a retry queue.
REASON, ATTEMPTS, FIRST_ATTEMPT_AT, GROUP = "Reason", "Attempts", "FirstAttemptAt", "Group"
_MAX_REASON = 500


def retry_later(record: dict[str, Any], error: Exception) -> bool:
    """Choose the next attempt of a failed message, or make it a dead letter after its last one.

    If a call of this fails, the message returns to its queue after the visibility timeout.

    Args:
        record: the message as Lambda gets it from SQS.

    Returns:
        True if another queue has the message now, so that its own may delete it.
    """
    name, failed_before = _queue_of(record), attempts_before(record)
    if failed_before >= len(RETRY_SECONDS):
        _send(record, error, dead_letter_queue_of(name))
        return True
    seconds = round(RETRY_SECONDS[failed_before] * random.uniform(1 - _JITTER, 1 + _JITTER))
    if name.endswith(_FIFO_SUFFIX):
        _send(record, error, f"{base_name(name)}{RETRY_SUFFIX}", seconds)
        return True
    _show_after(record, seconds)
    return False


def require_attempt_left(record: dict[str, Any]) -> None:
    """Refuse a message that was received too often.

    Raises:
        TimeoutError: Lambda stopped the function in the attempts before, so no error was ever seen.
    """
    if attempts_before(record) > len(RETRY_SECONDS):
        raise TimeoutError("the function was stopped in every attempt")


def return_at_once(record: dict[str, Any]) -> None:
    """Show a message that was not begun again at once."""
    _show_after(record, 0)


def attempts_before(record: dict[str, Any]) -> int:
    """Return how often a message was received before; in a retry queue, the attempt in its FIFO queue counts too."""
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return receives if _queue_of(record).endswith(RETRY_SUFFIX) else receives - 1


def base_name(queue: str) -> str:
    """Return the name of a queue without the suffix of its kind: `qudao-prod-reserve-stock`."""
    return queue.removesuffix(_FIFO_SUFFIX).removesuffix(RETRY_SUFFIX)


def dead_letter_queue_of(queue: str) -> str:
    """Return the dead-letter queue of a queue. That of a FIFO queue, which has the group, is FIFO too."""
    suffix = _FIFO_SUFFIX if queue.endswith((_FIFO_SUFFIX, RETRY_SUFFIX)) else ""
    return f"{base_name(queue)}{DEAD_LETTER_SUFFIX}{suffix}"


def _queue_of(record: dict[str, Any]) -> str:
    name: str = record["eventSourceARN"].rpartition(":")[2]
    return name


def _show_after(record: dict[str, Any], seconds: int) -> None:
    aws.sqs().change_message_visibility(
        QueueUrl=aws.queue_url(_queue_of(record)), ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds
    )


def _send(record: dict[str, Any], error: Exception, queue: str, delay_seconds: int = 0) -> None:
    attributes: dict[str, MessageAttributeValueTypeDef] = {
        name: {"DataType": value["dataType"], "StringValue": value["stringValue"]}
        for name, value in record["messageAttributes"].items()
    }
    attributes[REASON] = {"DataType": "String", "StringValue": reason_of(error)}
    attributes[ATTEMPTS] = {"DataType": "Number", "StringValue": str(attempts_before(record) + 1)}
    if not _queue_of(record).endswith(RETRY_SUFFIX):
        first = record["attributes"]["ApproximateFirstReceiveTimestamp"]
        attributes[FIRST_ATTEMPT_AT] = {"DataType": "Number", "StringValue": first}
    group = _group_of(record)
    options: dict[str, Any] = {"DelaySeconds": delay_seconds}
    if queue.endswith(_FIFO_SUFFIX):
        options = {"MessageGroupId": group, "MessageDeduplicationId": record["messageId"]}
    elif group:
        attributes[GROUP] = {"DataType": "String", "StringValue": group}
    aws.sqs().send_message(
        QueueUrl=aws.queue_url(queue), MessageBody=record["body"], MessageAttributes=attributes, **options
    )


def reason_of(error: Exception) -> str:
    """Return kind and text of an error, at most 500 characters."""
    return f"{type(error).__name__}: {error}"[:_MAX_REASON]


def _group_of(record: dict[str, Any]) -> str:
    group: str = record["attributes"].get("MessageGroupId", "")
    return group or str(record["messageAttributes"].get(GROUP, {}).get("stringValue", ""))
