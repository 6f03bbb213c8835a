"""Send announcements, then take them out of the index of unsent ones. A crash in between sends twice, never not at all.

Whatever fails stays in the index, holds up nothing but its own command group, and is sent by the sweeper.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from kernel.base import observability
from kernel.base.settings import settings
from kernel.messaging.outbox import SHARDS, Command, EventItem, shard_key
from kernel.store import aws
from kernel.store.items import Index
from kernel.store.read import Page, query_page
from kernel.store.write import remove_from_index
from kernel.time import clock

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

#: What one call to the bus or to a queue takes.
_MAX_ENTRIES = 10
_MAX_BYTES = 256 * 1024
#: The stream has had its chance after this long.
_OVERDUE = timedelta(minutes=1)
#: Read of a shard at a time.
_PAGE = 100
#: A sweep reads no further page after this many seconds; its function has sixty.
_SWEEP_SECONDS = 40


def announced(records: Iterable[dict[str, Any]]) -> list[EventItem]:
    """The announcements among stream records: items of their kind that were new."""
    kind = EventItem.kind.get_discriminator(EventItem)
    images = (record["dynamodb"].get("NewImage", {}) for record in records if record["eventName"] == "INSERT")
    return [EventItem.from_raw_data(image) for image in images if image.get("kind") == {"S": kind}]


def send(items: list[EventItem]) -> list[EventItem]:
    """Publish on the bus, hand commands to their queues, mark what went through. Returns those that did not."""
    published = _publish(items)
    commanded = _command([item for item in items if item.command])
    sent = [item for item in items if item in published and (item.command is None or item in commanded)]
    done = [item for item in sent if _mark(item)]
    observability.count("AnnouncementsSent", len(done))
    failed = [item for item in items if item not in done]
    if failed:
        observability.count("AnnouncementsFailed", len(failed))
    return failed


def resend_unsent() -> None:
    """Send what is overdue, of every shard the oldest first, and report how many cannot be sent and the oldest's age.

    What fails is gone past: the shards are read page by page in turn, until nothing is left or time is up. Of a command
    group in which one failed, nothing further is sent in this sweep.
    """
    moment, end = clock.now(), time.monotonic() + _SWEEP_SECONDS
    oldest = 0.0
    stuck: list[EventItem] = []
    unread: dict[int, dict[str, Any] | None] = dict.fromkeys(range(SHARDS))
    while unread:
        for shard, start in list(unread.items()):
            page = _overdue(shard, moment, start)
            oldest = max([oldest, *(_age(item, moment) for item in page.items[:1])])
            stuck += _resend(page.items, {one.command for one in stuck if one.command})
            unread[shard] = page.next_key
        unread = {shard: start for shard, start in unread.items() if start and time.monotonic() < end}
    observability.count("EventsStuck", len(stuck))
    observability.seconds("OldestUnsentSeconds", oldest)


def _resend(items: list[EventItem], held_up: set[Command]) -> list[EventItem]:
    """Those that stay unsent, with those of a group that is held up already."""
    ready = [item for item in items if item.command not in held_up]
    return [item for item in items if item.command in held_up] + send(ready)


def _age(item: EventItem, moment: datetime) -> float:
    """Seconds since it became true."""
    return (moment - clock.parse_stamp(item.envelope.time)).total_seconds()


def _overdue(shard: int, moment: datetime, start: dict[str, Any] | None) -> Page:
    before = clock.stamp(moment - _OVERDUE)
    return query_page(EventItem, shard_key(shard), sk=Index.gsi1sk < before, on_index=True, limit=_PAGE, start=start)


# ---- to the bus ----


def _publish(items: list[EventItem]) -> list[EventItem]:
    """Those of the items that the bus took."""
    taken: list[EventItem] = []
    for batch in _batches(items):
        try:
            answer = aws.events().put_events(Entries=[_entry(item) for item in batch])
        except (BotoCoreError, ClientError) as error:
            _report("bus", batch, error)
            continue
        for item, result in zip(batch, answer["Entries"], strict=True):
            if "EventId" in result:
                taken.append(item)
            else:
                _report("bus", [item], result.get("ErrorCode"))
    return taken


def _entry(item: EventItem) -> PutEventsRequestEntryTypeDef:
    message = item.envelope
    return {
        "EventBusName": settings().bus,
        "Source": message.source,
        "DetailType": message.type,
        "Detail": item.body,
    }


def _batches(items: list[EventItem]) -> Iterator[list[EventItem]]:
    """As many at a time as one call takes; an outbox_event no call could take is reported and left."""
    batch: list[EventItem] = []
    size = 0
    for item in items:
        more = _size(item)
        if more > _MAX_BYTES:
            _report("bus", [item], "too large")
            continue
        if batch and (len(batch) == _MAX_ENTRIES or size + more > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += more
    if batch:
        yield batch


def _size(item: EventItem) -> int:
    """Bytes as EventBridge counts them: source, type and detail."""
    message = item.envelope
    return len(item.body.encode()) + len(message.source) + len(message.type)


# ---- to command queues ----


def _command(items: list[EventItem]) -> list[EventItem]:
    """Those of the items that their queues took. After a failure the rest of its group waits for the sweeper."""
    taken: list[EventItem] = []
    lanes: dict[tuple[str, str], list[EventItem]] = {}
    for item in items:
        lanes.setdefault((str(item.queue), str(item.group)), []).append(item)
    # A call takes its entries or refuses them one by one, so none has two of one group.
    while lanes:
        for queue in dict.fromkeys(queue for queue, _ in lanes):
            firsts = [lane for lane in lanes if lane[0] == queue][:_MAX_ENTRIES]
            accepted = _send_firsts(queue, [lanes[lane][0] for lane in firsts])
            for lane in firsts:
                first, *rest = lanes.pop(lane)
                if first in accepted:
                    taken.append(first)
                    if rest:
                        lanes[lane] = rest
    return taken


def _send_firsts(queue: str, items: list[EventItem]) -> list[EventItem]:
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
        _report(queue, items, error)
        return []
    for failure in answer.get("Failed", []):
        _report(queue, [items[int(failure["Id"])]], failure["Code"])
    return [items[int(success["Id"])] for success in answer.get("Successful", [])]


@cache
def _queue_url(queue: str) -> str:
    return aws.sqs().get_queue_url(QueueName=f"qudao-{settings().stage}-{queue}.fifo")["QueueUrl"]


# ---- marking ----


def _mark(item: EventItem) -> bool:
    """Take a sent outbox_event out of the index; whether that was done. It stays where it is as history."""
    try:
        remove_from_index(item)
    except PynamoDBException as error:
        _report("mark", [item], error)
        return False
    return True


def _report(where: str, items: list[EventItem], reason: object) -> None:
    observability.logger().error(
        "outbox_event not sent", where=where, event_ids=[item.envelope.id for item in items], reason=str(reason)
    )
