"""Contents of the tables, and the records of the table's stream."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tests.fast_aws.items import INDEX_KEYS, Item, Key, item_bytes
from tests.fast_aws.remembered import Remembered

_MAX_PAGE_BYTES = 1024 * 1024

IndexKey = tuple[str, str, str]

#: A stored item is read more often than it is written.
_stored_bytes = Remembered(item_bytes, 20_000)


class Change(NamedTuple):
    """One entry of the stream; `new` is None for a deleted item."""

    name: str
    key: Key
    new: Item | None
    moment: datetime


@dataclass
class Contents:
    """State of a table."""

    items: dict[str, Mapping[str, Item]] = field(default_factory=dict)
    index: dict[str, Mapping[IndexKey, Item]] = field(default_factory=dict)
    stream: list[Change] = field(default_factory=list)
    tokens: dict[str, tuple[Any, datetime]] = field(default_factory=dict)

    def copy(self) -> Contents:
        """Return a copy that changes independently."""
        return Contents(dict(self.items), dict(self.index), list(self.stream), dict(self.tokens))


def index_entry(key: Key, item: Item | None) -> tuple[str, IndexKey] | None:
    """Return partition and sort key of an item in the index; None if the item is not in the index."""
    if item is None or INDEX_KEYS[0] not in item or INDEX_KEYS[1] not in item:
        return None
    return item["gsi1pk"]["S"], (item["gsi1sk"]["S"], *key)


def replace_item(partitions: dict[str, Mapping[Any, Item]], partition: str, sort_key: Any, item: Item | None) -> None:
    """Replace the partition by one with the item, or without it."""
    row = dict(partitions.get(partition, ()))
    if item is None:
        row.pop(sort_key, None)
    else:
        row[sort_key] = item
    partitions[partition] = row


def stream_record(number: int, change: Change) -> dict[str, Any]:
    details: dict[str, Any] = {
        "StreamViewType": "NEW_IMAGE",
        "ApproximateCreationDateTime": change.moment.timestamp(),
        "SequenceNumber": str(1_000_000 + number),
        "Keys": {"pk": {"S": change.key[0]}, "sk": {"S": change.key[1]}},
    }
    if change.new is not None:
        details["NewImage"] = _as_json(change.new)
    return {
        "eventID": f"{number:032x}",
        "eventName": change.name,
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.0",
        "awsRegion": "us-east-1",
        "dynamodb": details,
    }


def _as_json(item: Item) -> Item:
    """Return the item in the form Lambda receives it: bytes as text."""
    if any("B" in value for value in item.values()):
        return {name: _as_text(value) if "B" in value else value for name, value in item.items()}
    return item


def _as_text(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()}


def page_of(items: Iterator[Item], limit: int | None) -> tuple[list[Item], Item | None]:
    """Return one page of items, and its last item if more may follow."""
    page: list[Item] = []
    size = 0
    for item in items:
        size += _stored_bytes(item)
        if page and (len(page) == limit or size > _MAX_PAGE_BYTES):
            return page, page[-1]
        page.append(item)
    return page, page[-1] if limit is not None and len(page) == limit else None
