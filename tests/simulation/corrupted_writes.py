"""Mistakes the services do not make, made on the way to AWS, to show that a search finds them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Layer, Proceed, Request

Corruption = Callable[[Request], Request]


def corrupted(corruption: Corruption) -> AbstractContextManager[None]:
    """Change every call inside into the call that a mistake in the services would make."""

    def layer(request: Request, proceed: Proceed) -> Answer:
        return proceed(corruption(request))

    return interception.intercept(Layer.INJECT_FAULT, layer)


def without_conditions(pk: str, sk: str = "") -> Corruption:
    """Return a corruption that removes the conditions from writes to items with these key prefixes."""

    def unconditional(write: dict[str, Any]) -> dict[str, Any]:
        key = write.get("Key") or write["Item"]
        if not (key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk) and "ConditionExpression" in write):
            return write
        changed = {name: value for name, value in write.items() if name != "ConditionExpression"}
        update = write.get("UpdateExpression", "")
        for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            left = {name: value for name, value in write.get(names, {}).items() if _occurs_in(name, update)}
            changed.pop(names, None)
            if left:
                changed[names] = left
        return changed

    return _each_write(lambda kind, write: {kind: unconditional(write)} if kind != "ConditionCheck" else {kind: write})


def _occurs_in(name: str, expression: str) -> bool:
    words = expression.replace(",", " ").replace("[", " ").replace("(", " ").replace(")", " ").split()
    return name in words


def without_writes(pk: str, sk: str) -> Corruption:
    """Return a corruption that leaves out the writes to items with these key prefixes."""

    def left_out(kind: str, write: dict[str, Any]) -> dict[str, Any] | None:
        key = write.get("Key") or write["Item"]
        return None if key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk) else {kind: write}

    return _each_write(left_out)


def _each_write(change: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> Corruption:
    def corrupt(request: Request) -> Request:
        if request.operation != "TransactWriteItems":
            return request
        writes = [change(kind, write) for entry in request.params["TransactItems"] for kind, write in entry.items()]
        return replace(request, params=request.params | {"TransactItems": [write for write in writes if write]})

    return corrupt
