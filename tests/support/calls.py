"""Every AWS call as what IAM sees of it: which function does which action on which resource, on which keys.

    with calls.recorded() as uses:
        world.drain()
    assert not any(use.action == "dynamodb:Scan" for use in uses)

A transaction is several actions, one per item; a batch is the action IAM knows it by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.fast_aws import interception
from tests.fast_aws.cloud import ACCOUNT, REGION
from tests.fast_aws.interception import Answer, Layer, Proceed, Request
from tests.support.faults import running

_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_SINGULAR = {"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}


@dataclass(frozen=True)
class Use:
    """One action on one resource. `keys` are the partition keys concerned; `removes` what an update only takes away."""

    function: str | None
    action: str
    resource: str
    keys: frozenset[str] = frozenset()
    removes: str = ""

    @property
    def service(self) -> str | None:
        """The service whose function does it."""
        return self.function and self.function.partition(".")[0]

    @property
    def writes(self) -> bool:
        """True if the use changes the table."""
        return self.action.removeprefix("dynamodb:") in _WRITES


@contextmanager
def recorded() -> Iterator[list[Use]]:
    """The uses made inside."""
    uses: list[Use] = []

    def note(request: Request, proceed: Proceed) -> Answer:
        signed_as = str(request.client.meta.service_model.signing_name)
        uses.extend(_uses(signed_as, request.operation, request.params))
        return proceed(request)

    with interception.intercept(Layer.RECORD, note):
        yield uses


def _uses(service: str, operation: str, params: dict[str, Any]) -> Iterator[Use]:
    function = running.get()
    if service != "dynamodb":
        operation = _SINGULAR.get(operation, operation)
        yield Use(function, f"{service}:{operation}", _resource(service, params))
    elif operation == "TransactWriteItems":
        for action in params["TransactItems"]:
            (kind, one), *_ = action.items()
            yield _on_item(function, _TRANSACTED[kind], one)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table, asked in params["RequestItems"].items():
            yield Use(function, f"dynamodb:{operation}", _table(table), frozenset(_batched_keys(asked)))
    elif operation == "Query":
        name = params["ExpressionAttributeNames"]
        values = params["ExpressionAttributeValues"]
        hash_key = "gsi1pk" if params.get("IndexName") else "pk"
        placeholder = next(short for short, full in name.items() if full == hash_key)
        asked = re.search(rf"{re.escape(placeholder)} = (:\w+)", params["KeyConditionExpression"])
        assert asked, params["KeyConditionExpression"]
        index = f"/index/{params['IndexName']}" if params.get("IndexName") else ""
        yield Use(function, "dynamodb:Query", _table(params["TableName"]) + index, frozenset({values[asked[1]]["S"]}))
    elif operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
        yield _on_item(function, operation, params)
    else:
        yield Use(function, f"dynamodb:{operation}", _table(str(params.get("TableName"))))


def _on_item(function: str | None, operation: str, params: dict[str, Any]) -> Use:
    key = (params.get("Key") or params.get("Item") or {})["pk"]["S"]
    update = str(params.get("UpdateExpression", ""))
    removes = ""
    if update.startswith("REMOVE "):
        names = params["ExpressionAttributeNames"]
        removes = " ".join(sorted(names[part.strip()] for part in update.removeprefix("REMOVE ").split(",")))
    return Use(function, f"dynamodb:{operation}", _table(params["TableName"]), frozenset({key}), removes)


def _batched_keys(asked: Any) -> Iterator[str]:
    if isinstance(asked, dict):
        yield from (key["pk"]["S"] for key in asked["Keys"])
        return
    for one in asked:
        request = one.get("PutRequest", {}).get("Item") or one["DeleteRequest"]["Key"]
        yield request["pk"]["S"]


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def _resource(service: str, params: dict[str, Any]) -> str:
    if service == "sqs":
        name = params.get("QueueName") or str(params["QueueUrl"]).rpartition("/")[2]
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    if service == "events":
        return f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{params['Entries'][0]['EventBusName']}"
    if service == "secretsmanager":
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{params['SecretId']}-AbCdEf"
    if service == "cognito-idp":
        return f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{params.get('UserPoolId')}"
    return "*"
