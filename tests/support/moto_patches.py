"""Corrections where moto differs from DynamoDB, and speed where moto is slow for no reason.

Right:
- A client request token counts: a repeated transaction happens once; the same token with another payload is refused.
- A rolled back transaction leaves nothing in the stream.

Quick:
- A transaction copied the whole table once per action, seconds at a few thousand items. Items are now never changed in
  place (an update works on a copy), so a rollback and a saved state need no copy.
- Every answer was walked through the service model, 60 ms for a bucket. Items have the form of the wire already, so
  answers about items are written as JSON.
- Queries sorted the table by comparing values of any type; our keys are text.
- What does not change from call to call is remembered, and of moto's own mocking only the part for botocore is done.

Import this before any client is made; importing it is enough.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.models import botocore_stubber
from moto.core.responses import ActionResult, EmptyResult
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

_roll_forward = DynamoDBBackend.transact_write_items
_update = DynamoDBBackend.update_item
_answer_transaction = DynamoHandler.transact_write_items


class TokenReused(DynamodbException):
    """DynamoDB's answer to a known token with another payload."""

    def __init__(self) -> None:
        name = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"
        super().__init__(name, "The ClientRequestToken was used before with other parameters")


def _transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    touched = [_touched(backend, action) for action in transact_items]
    kept = [(table, at, table.get_item(*at)) for table, at in touched]
    streamed = {table.name: (table, len(table.stream_shard.items)) for table, _ in touched if table.stream_shard}
    try:
        _roll_forward(backend, transact_items)
    except Exception:
        for table, (hash_key, range_key), item in kept:
            if item is None:
                table.items[hash_key].pop(range_key, None)
            else:
                table.items[hash_key][range_key] = item
        for table, length in streamed.values():
            del table.stream_shard.items[length:]
        raise


def _update_a_copy(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **more: Any) -> Any:
    table: Any = backend.get_table(table_name)
    hash_key, range_key = (DynamoType(key[name]) for name in (table.hash_key_attr, table.range_key_attr))
    if item := table.get_item(hash_key, range_key):
        table.items[hash_key][range_key] = copy.deepcopy(item)
    return _update(backend, table_name, key, *args, **more)


def _sorted_by_text(table: Any) -> list[Any]:
    items = [item for row in table.items.values() for item in row.values()]
    return sorted(items, key=lambda item: (item.hash_key.value, item.range_key.value))


def _touched(backend: DynamoDBBackend, action: dict[str, Any]) -> tuple[Any, tuple[DynamoType, DynamoType]]:
    operation = next(iter(action.values()))
    table: Any = backend.get_table(operation["TableName"])
    key = operation.get("Key") or operation["Item"]
    return table, (DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr]))


def _once_per_token(handler: DynamoHandler) -> ActionResult:
    token = handler.body.get("ClientRequestToken")
    asked = json.dumps(handler.body["TransactItems"], sort_keys=True, default=repr)
    known: dict[str, str] = handler.dynamodb_backend.__dict__.setdefault("known_tokens", {})
    if token in known:
        if known[token] != asked:
            raise TokenReused
        return EmptyResult()
    answer = _answer_transaction(handler)
    if token:
        known[token] = asked
    return answer


_ABOUT_ITEMS = {"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "Query", "Scan"}
_serialize = DynamoHandler.serialized


def _as_it_travels(handler: DynamoHandler, answer: ActionResult) -> Any:
    if handler._get_action() not in _ABOUT_ITEMS or not isinstance(answer.result, dict):
        return _serialize(handler, answer)
    said = {name: value for name, value in answer.result.items() if value is not None}
    body = json.dumps(said, default=lambda value: base64.b64encode(bytes(value)).decode())
    return 200, {"Content-Type": "application/x-amz-json-1.0", **handler.response_headers}, body


@contextmanager
def aws_in_process() -> Iterator[None]:
    """Let moto answer every botocore call made inside, with empty back ends."""
    botocore_stubber.enabled = True
    try:
        yield
    finally:
        botocore_stubber.enabled = False
        BackendDict.reset()
        reset_model_data()


DynamoHandler.serialized = _as_it_travels  # type: ignore[method-assign, assignment]
DynamoHandler.transact_write_items = _once_per_token  # type: ignore[method-assign, assignment]
DynamoDBBackend.transact_write_items = _transact  # type: ignore[method-assign, assignment]
DynamoDBBackend.update_item = _update_a_copy  # type: ignore[method-assign, assignment]
Table.all_items = _sorted_by_text  # type: ignore[method-assign, assignment]
# What moto copies before each action is the table; with the touched items kept above, the table itself will do.
Table.__deepcopy__ = lambda table, memo: table  # type: ignore[attr-defined]
for _name in ("method_names_from_class", "camelcase_to_underscores"):
    setattr(responses, _name, cache(getattr(responses, _name)))
