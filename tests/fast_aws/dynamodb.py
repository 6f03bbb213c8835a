"""DynamoDB in memory: one table with text keys, a stream and the sparse index `gsi1`, as in infra/core.yaml.

Items are never changed in place, neither here nor by callers, so reads, rollbacks and saved states need no copies. The
same holds for partitions: a write makes a new one, so an identical object has identical content. Calls are atomic, and
only one thread may call.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.fast_aws import expressions
from tests.fast_aws.items import (
    INDEX_KEYS,
    KEYS,
    MAX_ITEM_BYTES,
    Item,
    Key,
    ServiceError,
    check_item,
    item_bytes,
    key_of,
    request_key,
    validation_error,
)
from tests.fast_aws.items import value_bytes as check_value

_MAX_ACTIONS = 100
_MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
_ACTIONS_THAT_ALWAYS_FIT = _MAX_TRANSACTION_BYTES // MAX_ITEM_BYTES
_MAX_PUTS = 25
_MAX_GETS = 100
_MAX_PAGE_BYTES = 1024 * 1024
_TOKEN_LIFETIME = timedelta(minutes=10)
_CONDITION_FAILED = "The conditional request failed"

_PARAMETERS: Mapping[str, frozenset[str]] = {
    name: frozenset(members.split()) | {"ReturnConsumedCapacity", "ReturnItemCollectionMetrics"}
    for name, members in {
        "GetItem": "TableName Key ConsistentRead",
        "BatchGetItem": "RequestItems",
        "BatchWriteItem": "RequestItems",
        "PutItem": "TableName Item ConditionExpression ExpressionAttributeNames ExpressionAttributeValues ReturnValues"
        " ReturnValuesOnConditionCheckFailure",
        "DeleteItem": "TableName Key ConditionExpression ExpressionAttributeNames ExpressionAttributeValues"
        " ReturnValues ReturnValuesOnConditionCheckFailure",
        "UpdateItem": "TableName Key UpdateExpression ConditionExpression ExpressionAttributeNames"
        " ExpressionAttributeValues ReturnValues ReturnValuesOnConditionCheckFailure",
        "Query": "TableName IndexName KeyConditionExpression FilterExpression ExpressionAttributeNames"
        " ExpressionAttributeValues ConsistentRead Limit ScanIndexForward ExclusiveStartKey",
        "Scan": "TableName ConsistentRead Segment TotalSegments Limit ExclusiveStartKey",
        "TransactWriteItems": "TransactItems ClientRequestToken",
    }.items()
}

Answer = dict[str, Any]
_IndexKey = tuple[str, str, str]


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
    index: dict[str, Mapping[_IndexKey, Item]] = field(default_factory=dict)
    stream: list[Change] = field(default_factory=list)
    tokens: dict[str, tuple[Any, datetime]] = field(default_factory=dict)

    def copy(self) -> Contents:
        """Return a copy that changes independently."""
        return Contents(dict(self.items), dict(self.index), list(self.stream), dict(self.tokens))


class DynamoDB:
    """One table and the operations on it."""

    def __init__(self, table: str, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now
        self.contents = Contents()
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
            "GetItem": self._get,
            "BatchGetItem": self._batch_get,
            "BatchWriteItem": self._batch_write,
            "PutItem": self._put,
            "DeleteItem": self._delete,
            "UpdateItem": self._update,
            "Query": self._query,
            "Scan": self._scan,
            "TransactWriteItems": self._transact,
        }

    def answer(self, operation: str, params: Mapping[str, Any]) -> Answer:
        """Answer one operation.

        Raises:
            ServiceError: DynamoDB would answer with this error.
            NotImplementedError: the operation or a parameter is unknown here.
        """
        if operation not in self._operations or not _PARAMETERS[operation].issuperset(params):
            raise NotImplementedError(f"the fast DynamoDB does not know {operation} with {sorted(params)}")
        return self._operations[operation](params)

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Yield every item with its key."""
        for pk, row in self.contents.items.items():
            for sk, item in row.items():
                yield (pk, sk), item

    def find(self, key: Key) -> Item | None:
        """Return the item with a key."""
        row = self.contents.items.get(key[0])
        return row.get(key[1]) if row else None

    def records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Return stream records in the form Lambda receives them."""
        return [_record(start + number, change) for number, change in enumerate(self.contents.stream[start:end])]

    # ---- reading ----

    def _get(self, params: Mapping[str, Any]) -> Answer:
        self._check_table(params)
        item = self.find(request_key(params["Key"]))
        return {"Item": item} if item is not None else {}

    def _batch_get(self, params: Mapping[str, Any]) -> Answer:
        [(table, request)] = params["RequestItems"].items()
        self._check_table({"TableName": table})
        keys = [request_key(key) for key in request["Keys"]]
        if not 0 < len(keys) <= _MAX_GETS:
            raise validation_error("Too many items requested for the BatchGetItem call")
        if len(set(keys)) < len(keys):
            raise validation_error("Provided list of item keys contains duplicates")
        found = [item for key in keys if (item := self.find(key)) is not None]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _query(self, params: Mapping[str, Any]) -> Answer:
        self._check_table(params)
        hash_name, sort_name = INDEX_KEYS if "IndexName" in params else KEYS
        if "IndexName" in params and params.get("ConsistentRead"):
            raise validation_error("Consistent reads are not supported on global secondary indexes")
        names, values = _names_and_values(params)
        key_condition = expressions.condition(params["KeyConditionExpression"], names)
        row_filter = expressions.condition(params["FilterExpression"], names) if "FilterExpression" in params else None
        _check_used(names, values, key_condition.used | (row_filter.used if row_filter else frozenset()))
        if key_condition.equals.get(hash_name) not in values:
            raise validation_error(f"Query condition missed key schema element: {hash_name}")
        partition = values[key_condition.equals[hash_name]]["S"]
        backwards = not params.get("ScanIndexForward", True)
        candidates = self._partition(hash_name, partition, backwards, params.get("ExclusiveStartKey"))
        matching = (item for item in candidates if key_condition.is_true(item, values))
        page, last = _page(matching, params.get("Limit"))
        items = [item for item in page if row_filter is None or row_filter.is_true(item, values)]
        answer: Answer = {"Items": items, "Count": len(items), "ScannedCount": len(page)}
        if last is not None:
            answer["LastEvaluatedKey"] = {name: last[name] for name in dict.fromkeys((*KEYS, hash_name, sort_name))}
        return answer

    def _partition(self, hash_name: str, partition: str, backwards: bool, start: Item | None) -> Iterator[Item]:
        """Yield the items of a partition in key order, after `start`."""
        rows: Mapping[Any, Item] = self.contents.items.get(partition, {})
        after: Any = start["sk"]["S"] if start else None
        if hash_name == INDEX_KEYS[0]:
            rows = self.contents.index.get(partition, {})
            after = (start["gsi1sk"]["S"], *key_of(start)) if start else None
        for key in sorted(rows, reverse=backwards):
            if after is None or (key < after if backwards else key > after):
                yield rows[key]

    def _scan(self, params: Mapping[str, Any]) -> Answer:
        self._check_table(params)
        if params.get("Segment"):
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        after = request_key(params["ExclusiveStartKey"]) if "ExclusiveStartKey" in params else ("", "")
        rest = (item for key, item in sorted(self.rows(), key=lambda row: row[0]) if key > after)
        items, last = _page(rest, params.get("Limit"))
        answer: Answer = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        return answer | ({"LastEvaluatedKey": {name: last[name] for name in KEYS}} if last else {})

    # ---- writing ----

    def _put(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._plan("Put", params))

    def _delete(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._plan("Delete", params))

    def _update(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._plan("Update", params))

    def _single(self, params: Mapping[str, Any], plan: _Plan) -> Answer:
        old = plan.old
        if not plan.is_allowed:
            shows_item = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
            more = {"Item": old} if shows_item else {}
            raise ServiceError("ConditionalCheckFailedException", _CONDITION_FAILED, **more)
        new = plan.result()
        self._write(plan.key, new)
        return_values = params.get("ReturnValues", "NONE")
        if return_values not in ("NONE", "ALL_OLD", "ALL_NEW"):
            raise NotImplementedError(return_values)
        returned = {"ALL_OLD": old, "ALL_NEW": new}.get(return_values)
        return {"Attributes": returned} if returned else {}

    def _batch_write(self, params: Mapping[str, Any]) -> Answer:
        [(table, requests)] = params["RequestItems"].items()
        self._check_table({"TableName": table})
        if not 0 < len(requests) <= _MAX_PUTS:
            raise validation_error("Too many items requested for the BatchWriteItem call")
        writes: dict[Key, Item | None] = {}
        for request in requests:
            item = request["PutRequest"]["Item"] if "PutRequest" in request else None
            key = key_of(item) if item is not None else request_key(request["DeleteRequest"]["Key"])
            if key in writes:
                raise validation_error("Provided list of item keys contains duplicates")
            if item is not None:
                check_item(item)
            writes[key] = item
        for key, item in writes.items():
            self._write(key, item)
        return {"UnprocessedItems": {}}

    def _transact(self, params: Mapping[str, Any]) -> Answer:
        actions = params["TransactItems"]
        token = params.get("ClientRequestToken")
        if token and self._is_repeat(token, actions):
            return {}
        if not 0 < len(actions) <= _MAX_ACTIONS:
            raise validation_error(
                "1 validation error detected at 'transactItems' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_MAX_ACTIONS}."
            )
        plans = [self._plan(kind, write) for action in actions for kind, write in action.items()]
        if len({plan.key for plan in plans}) < len(plans):
            raise validation_error("Transaction request cannot include multiple operations on one item")
        reasons, results = [], []
        for plan in plans:
            reason, result = plan.outcome()
            reasons.append(reason)
            results.append(result)
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(reason["Code"] for reason in reasons)
            raise ServiceError(
                "TransactionCanceledException",
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
                CancellationReasons=reasons,
            )
        # Few items cannot exceed the limit: the size of each was checked.
        if (
            len(results) > _ACTIONS_THAT_ALWAYS_FIT
            and sum(item_bytes(item) for item in results if item) > _MAX_TRANSACTION_BYTES
        ):
            raise validation_error("Transaction request cannot be larger than 4 MB")
        for plan, result in zip(plans, results, strict=True):
            if plan.writes:
                self._write(plan.key, result)
        if token:
            self.contents.tokens[token] = actions, self._now()
        return {}

    def _is_repeat(self, token: str, actions: Any) -> bool:
        first_actions, moment = self.contents.tokens.get(token, (None, None))
        if moment is None or self._now() - moment > _TOKEN_LIFETIME:
            return False
        if first_actions != actions:
            raise ServiceError(
                "IdempotentParameterMismatchException",
                "The ClientRequestToken was used before with other parameters",
            )
        return True

    def _plan(self, kind: str, write: Mapping[str, Any]) -> _Plan:
        """Return one write of a request, with its condition evaluated."""
        self._check_table(write)
        key = key_of(write["Item"]) if kind == "Put" else request_key(write["Key"])
        names, values = _names_and_values(write)
        old = self.find(key)
        used: frozenset[str] = frozenset()
        is_allowed = True
        if "ConditionExpression" in write:
            condition = expressions.condition(write["ConditionExpression"], names)
            used = condition.used
            is_allowed = condition.is_true(old or {}, values)
        update = None
        if "UpdateExpression" in write:
            update = expressions.update(write["UpdateExpression"], names)
            used |= update.used
        _check_used(names, values, used)
        return _Plan(kind, write, key, old, is_allowed, update, values)

    def _write(self, key: Key, new: Item | None) -> None:
        """Put or delete the item of a key, in the table, the index and, if it changed, the stream."""
        pk, sk = key
        old = self.find(key)
        _put(self.contents.items, pk, sk, new)
        before, after = _index_entry(key, old), _index_entry(key, new)
        if before and before != after:
            _put(self.contents.index, *before, None)
        if after:
            _put(self.contents.index, *after, new)
        if old != new:
            name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
            self.contents.stream.append(Change(name, key, new, self._now()))

    def _check_table(self, params: Mapping[str, Any]) -> None:
        if params["TableName"] != self._table:
            raise ServiceError("ResourceNotFoundException", "Requested resource not found")


def _index_entry(key: Key, item: Item | None) -> tuple[str, _IndexKey] | None:
    """Return partition and sort key of an item in the index; None if the item is not in the index."""
    if item is None or INDEX_KEYS[0] not in item or INDEX_KEYS[1] not in item:
        return None
    return item["gsi1pk"]["S"], (item["gsi1sk"]["S"], *key)


def _put(partitions: dict[str, Mapping[Any, Item]], partition: str, sort_key: Any, item: Item | None) -> None:
    """Replace the partition by one with the item, or without it."""
    row = dict(partitions.get(partition, ()))
    if item is None:
        row.pop(sort_key, None)
    else:
        row[sort_key] = item
    partitions[partition] = row


@dataclass(slots=True)
class _Plan:
    """One write of a request, with its condition evaluated."""

    kind: str
    write: Mapping[str, Any]
    key: Key
    old: Item | None
    is_allowed: bool
    update: expressions.Update | None
    values: Mapping[str, Any]

    @property
    def writes(self) -> bool:
        return self.kind != "ConditionCheck"

    def result(self) -> Item | None:
        """Return the item after the write.

        Raises:
            ServiceError: the item may not be stored.
        """
        if self.kind == "Delete":
            return None
        if self.kind == "Put":
            item: Item = self.write["Item"]
        elif self.kind == "Update":
            before = self.old if self.old is not None else dict(self.write["Key"])
            item = self.update.apply(before, self.values) if self.update else before
        else:
            return self.old
        check_item(item)
        return item

    def outcome(self) -> tuple[dict[str, Any], Item | None]:
        """Return the cancellation reason within a transaction ("None": no reason), and the item after the write."""
        if not self.is_allowed:
            shows_item = self.write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and self.old is not None
            reason = {"Code": "ConditionalCheckFailed", "Message": _CONDITION_FAILED} | (
                {"Item": self.old} if shows_item else {}
            )
            return reason, None
        try:
            return {"Code": "None"}, self.result()
        except ServiceError as error:
            return {"Code": "ValidationError", "Message": error.message}, None


def _names_and_values(params: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    values: Mapping[str, Any] = params.get("ExpressionAttributeValues", {})
    for value in values.values():
        check_value(value)
    return params.get("ExpressionAttributeNames", {}), values


def _check_used(names: Mapping[str, str], values: Mapping[str, Any], used: frozenset[str]) -> None:
    if len(names) + len(values) > len(used):
        unused = sorted(({*names, *values}) - used)
        raise validation_error(f"Value provided in ExpressionAttributeNames or Values unused in expressions: {unused}")


def _page(items: Iterator[Item], limit: int | None) -> tuple[list[Item], Item | None]:
    """Return one page of items, and its last item if more may follow."""
    page: list[Item] = []
    size = 0
    for item in items:
        size += item_bytes(item)
        if page and (len(page) == limit or size > _MAX_PAGE_BYTES):
            return page, page[-1]
        page.append(item)
    return page, page[-1] if limit is not None and len(page) == limit else None


def _record(number: int, change: Change) -> dict[str, Any]:
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
