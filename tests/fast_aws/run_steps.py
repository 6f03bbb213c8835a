"""The steps of random calls, run against a client, with comparable answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

Params = dict[str, Any]


class Step(NamedTuple):
    """One call: the name of the client's method, and its parameters."""

    operation: str
    params: Params


def run_steps(client: Any, table: str, steps: list[Step]) -> list[Any]:
    """Return every answer, then every item left in the table."""
    answers = [_answer(client, step) for step in steps]
    return [*answers, sorted(map(_sorted, scan_items(client, table)), key=repr)]


def scan_items(client: Any, table: str) -> list[Params]:
    """Return every item of a small table."""
    items: list[Params] = client.scan(TableName=table, ConsistentRead=True)["Items"]
    return items


def _answer(client: Any, step: Step) -> Any:
    try:
        answer = getattr(client, step.operation)(**step.params)
    except ClientError as error:
        reasons: list[Any] = [
            (reason["Code"], _sorted(reason.get("Item"))) for reason in error.response.get("CancellationReasons", [])
        ]
        if any(code == "ValidationError" for code, _ in reasons):
            return "ValidationException", [], None
        return error.response["Error"]["Code"], reasons, _sorted(error.response.get("Item"))
    result = {name: _sorted(value) for name, value in answer.items() if name in _COMPARED and value}
    if "Responses" in answer:
        found = [item for items in answer["Responses"].values() for item in items]
        result["Responses"] = sorted(map(_sorted, found), key=repr)
    if result.get("LastEvaluatedKey") and answer["ScannedCount"] == step.params.get("Limit"):
        del result["LastEvaluatedKey"]
    return result


_COMPARED = {"Item", "Attributes", "Items", "Count", "ScannedCount", "LastEvaluatedKey", "UnprocessedItems"}


def _sorted(value: Any) -> Any:
    """Return the value with sorted sets and members."""
    if isinstance(value, Mapping):
        return {name: sorted(part) if name in ("SS", "NS") else _sorted(part) for name, part in sorted(value.items())}
    if isinstance(value, list):
        return [_sorted(part) for part in value]
    return value
