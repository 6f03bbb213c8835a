"""DynamoDB in memory: one table with text keys, a stream and the sparse index `gsi1`, as in infra/core.yaml.

Items are never changed in place, neither here nor by callers, so reads, rollbacks and saved states need no copies. The
same holds for partitions: a write makes a new one, so an identical object has identical content. Calls are atomic, and
only one thread may call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.fast_aws import expressions
from tests.fast_aws.contents import Change, Contents, index_entry, page_of, replace_item, stream_record
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
from tests.fast_aws.plan import CONDITION_FAILED, Plan, check_used, names_and_values

_MAX_ACTIONS = 100
_MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
_ACTIONS_THAT_ALWAYS_FIT = _MAX_TRANSACTION_BYTES // MAX_ITEM_BYTES
_MAX_PUTS = 25
_MAX_GETS = 100
_TOKEN_LIFETIME = timedelta(minutes=10)

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
        return [stream_record(start + number, change) for number, change in enumerate(self.contents.stream[start:end])]

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
        names, values = names_and_values(params)
        key_condition = expressions.condition(params["KeyConditionExpression"], names)
        row_filter = expressions.condition(params["FilterExpression"], names) if "FilterExpression" in params else None
        check_used(names, values, key_condition.used | (row_filter.used if row_filter else frozenset()))
        if key_condition.equals.get(hash_name) not in values:
            raise validation_error(f"Query condition missed key schema element: {hash_name}")
        partition = values[key_condition.equals[hash_name]]["S"]
        backwards = not params.get("ScanIndexForward", True)
        candidates = self._partition(hash_name, partition, backwards, params.get("ExclusiveStartKey"))
        matching = (item for item in candidates if key_condition.is_true(item, values))
        page, last = page_of(matching, params.get("Limit"))
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
        items, last = page_of(rest, params.get("Limit"))
        answer: Answer = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        return answer | ({"LastEvaluatedKey": {name: last[name] for name in KEYS}} if last else {})

    # ---- writing ----

    def _put(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._plan("Put", params))

    def _delete(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._plan("Delete", params))

    def _update(self, params: Mapping[str, Any]) -> Answer:
        return self._single(params, self._plan("Update", params))

    def _single(self, params: Mapping[str, Any], plan: Plan) -> Answer:
        old = plan.old
        if not plan.is_allowed:
            shows_item = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
            more = {"Item": old} if shows_item else {}
            raise ServiceError("ConditionalCheckFailedException", CONDITION_FAILED, **more)
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

    def _plan(self, kind: str, write: Mapping[str, Any]) -> Plan:
        """Return one write of a request, with its condition evaluated."""
        self._check_table(write)
        key = key_of(write["Item"]) if kind == "Put" else request_key(write["Key"])
        names, values = names_and_values(write)
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
        check_used(names, values, used)
        return Plan(kind, write, key, old, is_allowed, update, values)

    def _write(self, key: Key, new: Item | None) -> None:
        """Put or delete the item of a key, in the table, the index and, if it changed, the stream."""
        pk, sk = key
        old = self.find(key)
        replace_item(self.contents.items, pk, sk, new)
        before, after = index_entry(key, old), index_entry(key, new)
        if before and before != after:
            replace_item(self.contents.index, *before, None)
        if after:
            replace_item(self.contents.index, *after, new)
        if old != new:
            name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
            self.contents.stream.append(Change(name, key, new, self._now()))

    def _check_table(self, params: Mapping[str, Any]) -> None:
        if params["TableName"] != self._table:
            raise ServiceError("ResourceNotFoundException", "Requested resource not found")
