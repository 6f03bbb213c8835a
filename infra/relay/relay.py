"""Send events from the outbox to the bus and to command queues, then remove them from the index of unsent events.

A crash in between sends an event twice; no event is lost. An event that cannot be sent stays in the index, blocks only
its own command group, and is sent by a later sweep.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from kernel.base import observability
from kernel.base.settings import settings
from kernel.messaging.outbox import SHARDS, Command, EventItem, shard_key
from kernel.store import aws
from kernel.store.items import Index
from kernel.store.read import query_all
from kernel.store.write import remove_from_index
from kernel.time import clock

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

#: Limits of one call to the bus or to a queue.
_MAX_ENTRIES = 10
_MAX_BYTES = 256 * 1024
#: Time in which the stream sends an event; older ones are left to the sweep.
_OVERDUE = timedelta(minutes=1)
#: Events of one shard in one page.
_PAGE = 100
#: After this many seconds a sweep reads no further page; its function has sixty.
_SWEEP_SECONDS = 40


def new_events(records: Iterable[dict[str, Any]]) -> list[EventItem]:
    """Return the events that stream records show as newly stored."""
    kind = EventItem.kind.get_discriminator(EventItem)
    images = (record["dynamodb"].get("NewImage", {}) for record in records if record["eventName"] == "INSERT")
    return [EventItem.from_raw_data(image) for image in images if image.get("kind") == {"S": kind}]


def send_events(items: list[EventItem]) -> list[EventItem]:
    """Send events to the bus and commands to their queues, mark what was sent, and return what was not."""
    published = _publish(items)
    commanded = _send_commands([item for item in items if item.command])
    sent = [item for item in items if item in published and (item.command is None or item in commanded)]
    marked = [item for item in sent if _mark_sent(item)]
    observability.count("EventsSent", len(marked))
    unsent = [item for item in items if item not in marked]
    if unsent:
        observability.count("EventsFailed", len(unsent))
    return unsent


def resend_unsent() -> None:
    """Send the overdue events of every shard, oldest first. Measure how many cannot be sent, and the age of the oldest.

    The shards are read page by page in turn until no event is left or time is up; events that cannot be sent are passed
    over. After a failure nothing further of the same command group is sent in this sweep.
    """
    now, end = clock.now(), time.monotonic() + _SWEEP_SECONDS
    oldest = 0.0
    unsent: list[EventItem] = []
    unread = {shard: _overdue_events(shard, now) for shard in range(SHARDS)}
    while unread:
        for shard, events in list(unread.items()):
            page = list(islice(events, _PAGE))
            oldest = max([oldest, *(_age_seconds(item, now) for item in page[:1])])
            unsent += _send_unblocked(page, {item.command for item in unsent if item.command})
            if len(page) < _PAGE or time.monotonic() >= end:
                del unread[shard]
    observability.count("EventsStuck", len(unsent))
    observability.record_duration("OldestUnsentSeconds", oldest)


def _send_unblocked(items: list[EventItem], blocked: set[Command]) -> list[EventItem]:
    """Send the events whose command group is not blocked, and return all events that stay unsent."""
    ready = [item for item in items if item.command not in blocked]
    return [item for item in items if item.command in blocked] + send_events(ready)


def _age_seconds(item: EventItem, now: datetime) -> float:
    return (now - clock.parse_stamp(item.envelope.time)).total_seconds()


def _overdue_events(shard: int, now: datetime) -> Iterator[EventItem]:
    before = clock.stamp(now - _OVERDUE)
    return query_all(EventItem, shard_key(shard), sk=Index.gsi1sk < before, on_index=True, page_size=_PAGE)


# ---- the bus ----


def _publish(items: list[EventItem]) -> list[EventItem]:
    """Send events to the bus, and return those that the bus accepted."""
    accepted: list[EventItem] = []
    for batch in _batches(items):
        try:
            answer = aws.eventbridge().put_events(Entries=[_entry(item) for item in batch])
        except (BotoCoreError, ClientError) as error:
            _log_unsent("bus", batch, error)
            continue
        for item, result in zip(batch, answer["Entries"], strict=True):
            if "EventId" in result:
                accepted.append(item)
            else:
                _log_unsent("bus", [item], result.get("ErrorCode"))
    return accepted


def _entry(item: EventItem) -> PutEventsRequestEntryTypeDef:
    message = item.envelope
    return {
        "EventBusName": settings().bus,
        "Source": message.source,
        "DetailType": message.type,
        "Detail": item.body,
    }


def _batches(items: list[EventItem]) -> Iterator[list[EventItem]]:
    """Yield as many events as one call takes. An event that is too large for any call is logged and left out."""
    batch: list[EventItem] = []
    batch_bytes = 0
    for item in items:
        item_bytes = _size_bytes(item)
        if item_bytes > _MAX_BYTES:
            _log_unsent("bus", [item], "too large")
            continue
        if batch and (len(batch) == _MAX_ENTRIES or batch_bytes + item_bytes > _MAX_BYTES):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(item)
        batch_bytes += item_bytes
    if batch:
        yield batch


def _size_bytes(item: EventItem) -> int:
    """Return the size as EventBridge counts it: source, type and detail."""
    message = item.envelope
    return len(item.body.encode()) + len(message.source) + len(message.type)


# ---- command queues ----


def _send_commands(items: list[EventItem]) -> list[EventItem]:
    """Send commands to their queues, and return those that were accepted.

    After a failure the rest of the group waits for the sweep. A call may accept some entries and refuse others, so no
    call carries two commands of one group.
    """
    accepted: list[EventItem] = []
    waiting: dict[Command, list[EventItem]] = {}
    for item in items:
        waiting.setdefault(Command(str(item.queue), str(item.group)), []).append(item)
    while waiting:
        for queue in dict.fromkeys(command.queue for command in waiting):
            groups = [command for command in waiting if command.queue == queue][:_MAX_ENTRIES]
            sent = _send_to_queue(queue, [waiting[group][0] for group in groups])
            for group in groups:
                first, *rest = waiting.pop(group)
                if first in sent:
                    accepted.append(first)
                    if rest:
                        waiting[group] = rest
    return accepted


def _send_to_queue(queue: str, items: list[EventItem]) -> list[EventItem]:
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {
            "Id": str(number),
            "MessageBody": item.body,
            "MessageGroupId": str(item.group),
            "MessageDeduplicationId": item.envelope.id,
        }
        for number, item in enumerate(items)
    ]
    try:
        answer = aws.sqs().send_message_batch(QueueUrl=_queue_url(queue), Entries=entries)
    except (BotoCoreError, ClientError) as error:
        _log_unsent(queue, items, error)
        return []
    for failure in answer.get("Failed", []):
        _log_unsent(queue, [items[int(failure["Id"])]], failure["Code"])
    return [items[int(success["Id"])] for success in answer.get("Successful", [])]


def _queue_url(queue: str) -> str:
    return aws.queue_url(f"qudao-{settings().stage}-{queue}.fifo")


# ---- marking ----


def _mark_sent(item: EventItem) -> bool:
    """Remove a sent event from the index, and return True on success. The event itself stays stored."""
    try:
        remove_from_index(item)
    except PynamoDBException as error:
        _log_unsent("mark", [item], error)
        return False
    return True


def _log_unsent(where: str, items: list[EventItem], reason: object) -> None:
    observability.logger().error(
        "event not sent", where=where, event_ids=[item.envelope.id for item in items], reason=str(reason)
    )
