"""DynamoDB in memory: one table of text keys with a stream and the sparse index `gsi1`, as infra/core.yaml has it.

Items are never changed in place, neither here nor by who gets them, so nothing is ever copied: not on a read, not for a
rollback, not for a saved state. Neither are partitions: a write makes a new one, so that a partition that is the very
same as it was holds what it held. One thread at a time, please; a call is a step that nothing comes between.
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
    Refusal,
    check_item,
    invalid,
    item_bytes,
    key_of,
    only_key,
)
from tests.fast_aws.items import value_bytes as check_value

_MAX_ACTIONS = 100
_MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
_ALWAYS_FIT = _MAX_TRANSACTION_BYTES // MAX_ITEM_BYTES
_MAX_PUTS = 25
_MAX_GETS = 100
_MAX_PAGE_BYTES = 1024 * 1024
_TOKEN_LIVES = timedelta(minutes=10)
_FAILED = "The conditional request failed"

_KNOWN: Mapping[str, frozenset[str]] = {
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
_Place = tuple[str, str, str]


class Change(NamedTuple):
    """One entry of the stream; `new` is None where an item was removed."""

    name: str
    key: Key
    new: Item | None
    moment: datetime


@dataclass
class Contents:
    """All that a table holds and remembers."""

    items: dict[str, Mapping[str, Item]] = field(default_factory=dict)
    index: dict[str, Mapping[_Place, Item]] = field(default_factory=dict)
    stream: list[Change] = field(default_factory=list)
    tokens: dict[str, tuple[Any, datetime]] = field(default_factory=dict)

    def copy(self) -> Contents:
        """The same, free to go its own way."""
        return Contents(dict(self.items), dict(self.index), list(self.stream), dict(self.tokens))


class Store:
    """A table and the operations on it; `now` tells its time."""

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
        """Do one operation.

        Raises:
            Refusal: what DynamoDB would refuse.
            NotImplementedError: an operation or a parameter that this store does not know.
        """
        if operation not in self._operations or not _KNOWN[operation].issuperset(params):
            raise NotImplementedError(f"the fast store does not know {operation} with {sorted(params)}")
        return self._operations[operation](params)

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Every item by its key."""
        for pk, row in self.contents.items.items():
            for sk, item in row.items():
                yield (pk, sk), item

    def find(self, key: Key) -> Item | None:
        """The item at a key."""
        row = self.contents.items.get(key[0])
        return row.get(key[1]) if row else None

    def records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Entries of the stream as Lambda hands them over."""
        return [_record(start + number, change) for number, change in enumerate(self.contents.stream[start:end])]

    # ---- reading ----

    def _get(self, params: Mapping[str, Any]) -> Answer:
        self._check_table(params)
        item = self.find(only_key(params["Key"]))
        return {"Item": item} if item is not None else {}

    def _batch_get(self, params: Mapping[str, Any]) -> Answer:
        [(table, asked)] = params["RequestItems"].items()
        self._check_table({"TableName": table})
        keys = [only_key(key) for key in asked["Keys"]]
        if not 0 < len(keys) <= _MAX_GETS:
            raise invalid("Too many items requested for the BatchGetItem call")
        if len(set(keys)) < len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        found = [item for key in keys if (item := self.find(key)) is not None]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _query(self, params: Mapping[str, Any]) -> Answer:
        self._check_table(params)
        hash_name, sort_name = INDEX_KEYS if "IndexName" in params else KEYS
        if "IndexName" in params and params.get("ConsistentRead"):
            raise invalid("Consistent reads are not supported on global secondary indexes")
        names, values = _given(params)
        wanted = expressions.condition(params["KeyConditionExpression"], names)
        kept = expressions.condition(params["FilterExpression"], names) if "FilterExpression" in params else None
        _check_used(names, values, wanted.used | (kept.used if kept else frozenset()))
        if wanted.equals.get(hash_name) not in values:
            raise invalid(f"Query condition missed key schema element: {hash_name}")
        partition = values[wanted.equals[hash_name]]["S"]
        backwards = not params.get("ScanIndexForward", True)
        candidates = self._partition(hash_name, partition, backwards, params.get("ExclusiveStartKey"))
        matching = (item for item in candidates if wanted.holds(item, values))
        page, last = _page(matching, params.get("Limit"))
        items = [item for item in page if kept is None or kept.holds(item, values)]
        answer: Answer = {"Items": items, "Count": len(items), "ScannedCount": len(page)}
        if last is not None:
            answer["LastEvaluatedKey"] = {name: last[name] for name in dict.fromkeys((*KEYS, hash_name, sort_name))}
        return answer

    def _partition(self, hash_name: str, partition: str, backwards: bool, start: Item | None) -> Iterator[Item]:
        """The items of a partition in key order, after `start`."""
        rows: Mapping[Any, Item] = self.contents.items.get(partition, {})
        after: Any = start["sk"]["S"] if start else None
        if hash_name == INDEX_KEYS[0]:
            rows = self.contents.index.get(partition, {})
            after = (start["gsi1sk"]["S"], *key_of(start)) if start else None
        for place in sorted(rows, reverse=backwards):
            if after is None or (place < after if backwards else place > after):
                yield rows[place]

    def _scan(self, params: Mapping[str, Any]) -> Answer:
        self._check_table(params)
        if params.get("Segment"):
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        after = only_key(params["ExclusiveStartKey"]) if "ExclusiveStartKey" in params else ("", "")
        rest = (item for key, item in sorted(self.rows(), key=lambda row: row[0]) if key > after)
        items, last = _page(rest, params.get("Limit"))
        answer: Answer = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        return answer | ({"LastEvaluatedKey": {name: last[name] for name in KEYS}} if last else {})

    # ---- writing ----

    def _put(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._planned("Put", params))

    def _delete(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._planned("Delete", params))

    def _update(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._planned("Update", params))

    def _single(self, params: Mapping[str, Any], plan: _Plan) -> Answer:
        old = plan.old
        if not plan.allowed:
            returned = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
            raise Refusal("ConditionalCheckFailedException", _FAILED, **({"Item": old} if returned else {}))
        new = plan.result()
        self._write(plan.key, new)
        wanted = params.get("ReturnValues", "NONE")
        if wanted not in ("NONE", "ALL_OLD", "ALL_NEW"):
            raise NotImplementedError(wanted)
        shown = {"ALL_OLD": old, "ALL_NEW": new}.get(wanted)
        return {"Attributes": shown} if shown else {}

    def _batch_write(self, params: Mapping[str, Any]) -> Answer:
        [(table, requests)] = params["RequestItems"].items()
        self._check_table({"TableName": table})
        if not 0 < len(requests) <= _MAX_PUTS:
            raise invalid("Too many items requested for the BatchWriteItem call")
        writes: dict[Key, Item | None] = {}
        for request in requests:
            item = request["PutRequest"]["Item"] if "PutRequest" in request else None
            key = key_of(item) if item is not None else only_key(request["DeleteRequest"]["Key"])
            if key in writes:
                raise invalid("Provided list of item keys contains duplicates")
            if item is not None:
                check_item(item)
            writes[key] = item
        for key, item in writes.items():
            self._write(key, item)
        return {"UnprocessedItems": {}}

    def _transact(self, params: Mapping[str, Any]) -> Answer:
        actions = params["TransactItems"]
        token = params.get("ClientRequestToken")
        if token and self._done_before(token, actions):
            return {}
        if not 0 < len(actions) <= _MAX_ACTIONS:
            raise invalid(
                "1 validation error detected at 'transactItems' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_MAX_ACTIONS}."
            )
        plans = [self._planned(kind, one) for action in actions for kind, one in action.items()]
        if len({plan.key for plan in plans}) < len(plans):
            raise invalid("Transaction request cannot include multiple operations on one item")
        reasons, results = [], []
        for plan in plans:
            reason, result = plan.outcome()
            reasons.append(reason)
            results.append(result)
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(reason["Code"] for reason in reasons)
            raise Refusal(
                "TransactionCanceledException",
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
                CancellationReasons=reasons,
            )
        # So few items, each measured already, cannot be too much together.
        if len(results) > _ALWAYS_FIT and sum(item_bytes(item) for item in results if item) > _MAX_TRANSACTION_BYTES:
            raise invalid("Transaction request cannot be larger than 4 MB")
        for plan, result in zip(plans, results, strict=True):
            if plan.writes:
                self._write(plan.key, result)
        if token:
            self.contents.tokens[token] = actions, self._now()
        return {}

    def _done_before(self, token: str, actions: Any) -> bool:
        asked, moment = self.contents.tokens.get(token, (None, None))
        if moment is None or self._now() - moment > _TOKEN_LIVES:
            return False
        if asked != actions:
            raise Refusal(
                "IdempotentParameterMismatchException",
                "The ClientRequestToken was used before with other parameters",
            )
        return True

    def _planned(self, kind: str, act: Mapping[str, Any]) -> _Plan:
        """One write as asked for, its condition already tried."""
        self._check_table(act)
        key = key_of(act["Item"]) if kind == "Put" else only_key(act["Key"])
        names, values = _given(act)
        old = self.find(key)
        used: frozenset[str] = frozenset()
        allowed = True
        if "ConditionExpression" in act:
            condition = expressions.condition(act["ConditionExpression"], names)
            used = condition.used
            allowed = condition.holds(old or {}, values)
        update = None
        if "UpdateExpression" in act:
            update = expressions.update(act["UpdateExpression"], names)
            used |= update.used
        _check_used(names, values, used)
        return _Plan(kind, act, key, old, allowed, update, values)

    def _write(self, key: Key, new: Item | None) -> None:
        """Put an item at its key, or nothing; the index follows, and the stream if it made a difference."""
        pk, sk = key
        old = self.find(key)
        _place(self.contents.items, pk, sk, new)
        was, is_now = _in_index(key, old), _in_index(key, new)
        if was and was != is_now:
            _place(self.contents.index, *was, None)
        if is_now:
            _place(self.contents.index, *is_now, new)
        if old != new:
            name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
            self.contents.stream.append(Change(name, key, new, self._now()))

    def _check_table(self, params: Mapping[str, Any]) -> None:
        if params["TableName"] != self._table:
            raise Refusal("ResourceNotFoundException", "Requested resource not found")


def _in_index(key: Key, item: Item | None) -> tuple[str, _Place] | None:
    """Where an item stands in the index, if it does."""
    if item is None or INDEX_KEYS[0] not in item or INDEX_KEYS[1] not in item:
        return None
    return item["gsi1pk"]["S"], (item["gsi1sk"]["S"], *key)


def _place(partitions: dict[str, Mapping[Any, Item]], partition: str, place: Any, item: Item | None) -> None:
    """Put an item where it belongs, or take away what is there."""
    row = dict(partitions.get(partition, ()))
    if item is None:
        row.pop(place, None)
    else:
        row[place] = item
    partitions[partition] = row


@dataclass(slots=True)
class _Plan:
    """One write that may be done or not."""

    kind: str
    act: Mapping[str, Any]
    key: Key
    old: Item | None
    allowed: bool
    update: expressions.Update | None
    values: Mapping[str, Any]

    @property
    def writes(self) -> bool:
        return self.kind != "ConditionCheck"

    def result(self) -> Item | None:
        """The item as it will stand.

        Raises:
            Refusal: it may not be stored.
        """
        if self.kind == "Delete":
            return None
        if self.kind == "Put":
            item: Item = self.act["Item"]
        elif self.kind == "Update":
            before = self.old if self.old is not None else dict(self.act["Key"])
            item = self.update.apply(before, self.values) if self.update else before
        else:
            return self.old
        check_item(item)
        return item

    def outcome(self) -> tuple[dict[str, Any], Item | None]:
        """Within a transaction: why it cannot be done ("None": it can), and the item as it will stand."""
        if not self.allowed:
            shown = self.act.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and self.old is not None
            reason = {"Code": "ConditionalCheckFailed", "Message": _FAILED} | ({"Item": self.old} if shown else {})
            return reason, None
        try:
            return {"Code": "None"}, self.result()
        except Refusal as refusal:
            return {"Code": "ValidationError", "Message": refusal.message}, None


def _given(params: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    values: Mapping[str, Any] = params.get("ExpressionAttributeValues", {})
    for value in values.values():
        check_value(value)
    return params.get("ExpressionAttributeNames", {}), values


def _check_used(names: Mapping[str, str], values: Mapping[str, Any], used: frozenset[str]) -> None:
    if len(names) + len(values) > len(used):
        unused = sorted(({*names, *values}) - used)
        raise invalid(f"Value provided in ExpressionAttributeNames or Values unused in expressions: {unused}")


def _page(items: Iterator[Item], limit: int | None) -> tuple[list[Item], Item | None]:
    """As many as fit, and the last of them if there may be more behind it."""
    page: list[Item] = []
    size = 0
    for item in items:
        size += item_bytes(item)
        if page and (len(page) == limit or size > _MAX_PAGE_BYTES):
            return page, page[-1]
        page.append(item)
    return page, page[-1] if limit is not None and len(page) == limit else None


def _record(number: int, change: Change) -> dict[str, Any]:
    about: dict[str, Any] = {
        "StreamViewType": "NEW_IMAGE",
        "ApproximateCreationDateTime": change.moment.timestamp(),
        "SequenceNumber": str(1_000_000 + number),
        "Keys": {"pk": {"S": change.key[0]}, "sk": {"S": change.key[1]}},
    }
    if change.new is not None:
        about["NewImage"] = _as_json(change.new)
    return {
        "eventID": f"{number:032x}",
        "eventName": change.name,
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.0",
        "awsRegion": "us-east-1",
        "dynamodb": about,
    }


def _as_json(item: Item) -> Item:
    """What Lambda makes of it: bytes become text."""
    if any("B" in value for value in item.values()):
        return {name: _textual(value) if "B" in value else value for name, value in item.items()}
    return item


def _textual(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()}
