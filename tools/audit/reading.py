"""Read the whole table as its items are, for ops only: no request ever scans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

from kernel.outbox import EventItem
from kernel.table import Item
from services.catalog import table as _catalog  # noqa: F401 - imported so that every kind of item is known
from services.orders.table import FulfilmentItem, HeaderItem, LinesItem, Order, order_of
from services.reconciliation import table as _reconciliation  # noqa: F401
from tools import aws

Kind = TypeVar("Kind", bound=Item)

#: Parallel readers of the table.
_SEGMENTS = 4
_DEAD_LETTERS = "-dlq"


class Snapshot:
    """The items of a table, by kind. Not of one moment: audit when the system is quiet.

    Items of kinds that no audit looks at are left out.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_kind: dict[type[Item], list[Item]] = defaultdict(list)
        for item in items:
            self._by_kind[type(item)].append(item)

    def all(self, kind: type[Kind]) -> list[Kind]:
        """All items of a kind."""
        return [item for item in self._by_kind[kind] if isinstance(item, kind)]

    def by_partition(self, kind: type[Kind]) -> dict[str, list[Kind]]:
        """All items of a kind by what follows the first `#` of their partition: mostly the dealer."""
        found: dict[str, list[Kind]] = defaultdict(list)
        for item in self.all(kind):
            found[item.pk.partition("#")[2]].append(item)
        return found

    @cached_property
    def orders(self) -> list[Order]:
        """Every order, put together from its parts. A header without lines is a KeyError: then nothing else counts."""
        lines = {_order_part(item): item for item in self.all(LinesItem)}
        fulfilments = {_order_part(item): item for item in self.all(FulfilmentItem)}
        return [
            order_of(header, lines[_order_part(header)], fulfilments.get(_order_part(header)))
            for header in self.all(HeaderItem)
        ]

    @cached_property
    def history(self) -> dict[str, list[EventItem]]:
        """Events by subject."""
        found: dict[str, list[EventItem]] = defaultdict(list)
        for event in self.all(EventItem):
            found[event.envelope.subject].append(event)
        return found


def _order_part(item: Item) -> tuple[str, str]:
    return item.pk, item.sk.partition("#")[2]


def snapshot(stage: str) -> Snapshot:
    """Read the table of a stage."""
    return Snapshot(stored_items(aws.parameter(stage, "core", "table-name"), _SEGMENTS))


def stored_items(table: str, readers: int) -> Iterator[Item]:
    """Every item of a table, read by so many at the same time."""

    def segment(number: int) -> list[Item]:
        pages = (
            aws.dynamodb()
            .get_paginator("scan")
            .paginate(TableName=table, ConsistentRead=True, Segment=number, TotalSegments=readers)
        )
        return [item for page in pages for item in _known(page["Items"])]

    with ThreadPoolExecutor(readers) as pool:
        for part in pool.map(segment, range(readers)):
            yield from part


def _known(raw_items: Iterable[dict[str, Any]]) -> Iterator[Item]:
    known = {Item.kind.get_discriminator(kind) for kind in Item.kind.get_registered_subclasses(Item)}
    for raw in raw_items:
        if raw["kind"]["S"] in known:
            yield Item.from_raw_data(raw)


def dead_letters(stage: str) -> dict[str, int]:
    """Messages in each dead-letter queue of a stage."""
    client = aws.sqs()
    pages = client.get_paginator("list_queues").paginate(QueueNamePrefix=f"qudao-{stage}-")
    depths = {}
    for url in (url for page in pages for url in page.get("QueueUrls", []) if _DEAD_LETTERS in url):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        depths[url.rsplit("/", 1)[-1]] = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
    return depths
