"""Two simple designs of an order, written by hand for comparison.

Both store the lines and the header of an order, reserve its stock and set its state. They have no HTTP, tokens, checks,
events, idempotency records or prices.

- *least*: items with the available and reserved pieces of 64 SKUs; one transaction changes these and the header.
- *line by line*: one item per SKU, one conditional update per line; not atomic, the header is changed last.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from kernel.base.settings import settings
from kernel.store.items import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PLENTY = 1_000_000
_PER_ITEM = 64


class OrderLine(NamedTuple):
    """An order line: SKU, pieces and SKU index."""

    sku: str
    quantity: int
    sku_index: int


class _Packed(Item, discriminator="bench_packed"):
    """Stock of 64 SKUs by position."""

    available: ListAttribute[int] = ListAttribute(of=NumberAttribute)  # type: ignore[arg-type]
    held: ListAttribute[int] = ListAttribute(of=NumberAttribute)  # type: ignore[arg-type]


class _Row(Item, discriminator="bench_row"):
    """Stock of one SKU; `taken_by` is the last order that reserved pieces."""

    available = NumberAttribute()
    held = NumberAttribute()
    taken_by = UnicodeAttribute()


Program = Callable[[str, Sequence[OrderLine]], None]


def least(order_id: str, lines: Sequence[OrderLine]) -> None:
    """Store and reserve an order in three calls."""
    _store(order_id, lines)
    by_bucket: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for line in lines:
        bucket, position = divmod(line.sku_index, _PER_ITEM)
        by_bucket[bucket].append((position, line.quantity))
    updates = [_bucket_update(bucket, taken) for bucket, taken in sorted(by_bucket.items())]
    _dynamodb().transact_write_items(TransactItems=[*updates, {"Update": _decided(order_id)}])


def line_by_line(order_id: str, lines: Sequence[OrderLine]) -> None:
    """Store and reserve an order with one call per line."""
    _store(order_id, lines)
    for line in lines:
        _dynamodb().update_item(
            TableName=settings().table,
            Key=_key(f"ROW#{line.sku_index}", "ROW"),
            UpdateExpression="SET available = available - :q, held = held + :q, taken_by = :o",
            ConditionExpression="available >= :q AND taken_by < :o",
            ExpressionAttributeValues={":q": {"N": str(line.quantity)}, ":o": {"S": order_id}},
        )
    _dynamodb().update_item(**_decided(order_id))


def put_up_stock(products: int) -> None:
    """Create the stock items of both designs, for SKU indexes from 0."""
    full, none = [PLENTY] * _PER_ITEM, [0] * _PER_ITEM
    with Item.batch_write() as batch:
        for number in range(-(-products // _PER_ITEM)):
            batch.save(_Packed("PACKED#GZ", f"{number:04d}", available=full, held=none))
        for sku_index in range(products):
            batch.save(_Row(f"ROW#{sku_index}", "ROW", available=PLENTY, held=0, taken_by="-"))


@cache
def _dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb")


def _store(order_id: str, lines: Sequence[OrderLine]) -> None:
    packed = zlib.compress(json.dumps(lines, separators=(",", ":")).encode())
    header = {"state": {"S": "submitted"}, "pieces": {"N": str(sum(line.quantity for line in lines))}}
    waits = {"gsi1pk": {"S": "ORDERS#submitted"}, "gsi1sk": {"S": order_id}}
    for item in (
        {**_key("ORDERS#X", f"LINES#{order_id}"), "lines": {"B": packed}},
        {**_header(order_id), **header, **waits},
    ):
        _dynamodb().put_item(TableName=settings().table, Item=item, ConditionExpression="attribute_not_exists(pk)")


def _bucket_update(bucket: int, taken: Sequence[tuple[int, int]]) -> dict[str, Any]:
    values = {f":{quantity}": {"N": str(quantity)} for _, quantity in taken}
    sets = ",".join(
        f"available[{at}]=available[{at}]-:{pieces},held[{at}]=held[{at}]+:{pieces}" for at, pieces in taken
    )
    return {
        "Update": {
            "TableName": settings().table,
            "Key": _key("PACKED#GZ", f"{bucket:04d}"),
            "UpdateExpression": f"SET {sets}",
            "ConditionExpression": " AND ".join(f"available[{at}]>=:{pieces}" for at, pieces in taken),
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _decided(order_id: str) -> dict[str, Any]:
    return {
        "TableName": settings().table,
        "Key": _header(order_id),
        "UpdateExpression": "SET #state = :after, gsi1pk = :waits",
        "ConditionExpression": "#state = :before",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":before": {"S": "submitted"},
            ":after": {"S": "in_review"},
            ":waits": {"S": "ORDERS#in_review"},
        },
    }


def _header(order_id: str) -> dict[str, Any]:
    return _key("ORDERS#X", f"HEADER#{order_id}")


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
