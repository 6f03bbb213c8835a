"""Audit of a deployed stage: read its table and its dead-letter queues. Only operators scan the table, no request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from kernel.invariants.snapshot import Finding
from kernel.store.items import Item
from tools import aws
from tools.audit.engine import findings
from tools.audit.snapshot import Snapshot
from tools.audit.stored_items import read_items

#: Parallel readers of the table.
_SEGMENTS = 4
_DEAD_LETTERS = "-dlq"
_SECOND_LOOK_AFTER_SECONDS = 5


def audit(stage: str, pause: Callable[[float], None] = time.sleep) -> list[Finding]:
    """Return everything that is wrong with a stage; empty when all invariants hold.

    The table may change while it is read. So findings are checked a second time, and only lasting ones are returned.
    """
    found = _look(stage)
    if found:
        pause(_SECOND_LOOK_AFTER_SECONDS)
        lasting = set(_look(stage))
        found = [finding for finding in found if finding in lasting]
    return found


def read_stage(stage: str) -> Snapshot:
    """Return a snapshot of the table of a stage."""
    return Snapshot(scan_table(aws.parameter(stage, "core", "table-name"), _SEGMENTS))


def scan_table(table: str, segments: int) -> Iterator[Item]:
    """Yield every item of a table, read in parallel segments."""

    def read_segment(number: int) -> list[Item]:
        pages = (
            aws.dynamodb()
            .get_paginator("scan")
            .paginate(TableName=table, ConsistentRead=True, Segment=number, TotalSegments=segments)
        )
        return [item for page in pages for item in read_items(page["Items"])]

    with ThreadPoolExecutor(segments) as pool:
        for items in pool.map(read_segment, range(segments)):
            yield from items


def dead_letter_findings(depths: Mapping[str, int]) -> Iterator[Finding]:
    """Yield a finding for every dead-letter queue with messages; `depths`: messages by queue."""
    for queue, messages in sorted(depths.items()):
        if messages:
            yield Finding(
                "dead-letters", queue, f"{messages} messages failed all attempts; see `qudao dlq show {queue}`"
            )


def dead_letter_depths(stage: str) -> dict[str, int]:
    """Return the number of messages in each dead-letter queue of a stage."""
    client = aws.sqs()
    pages = client.get_paginator("list_queues").paginate(QueueNamePrefix=f"qudao-{stage}-")
    depths = {}
    for url in (url for page in pages for url in page.get("QueueUrls", []) if _DEAD_LETTERS in url):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        depths[url.rsplit("/", 1)[-1]] = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
    return depths


def _look(stage: str) -> list[Finding]:
    return [*findings(read_stage(stage)), *dead_letter_findings(dead_letter_depths(stage))]
