"""Mistakes the services do not make, made on the way to AWS: so it is seen that a search finds them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Layer, Proceed, Request

Spoil = Callable[[Request], Request]


def spoiling(spoil: Spoil) -> AbstractContextManager[None]:
    """Let every call be spoiled on its way: what a mistake in the services would send instead."""

    def layer(request: Request, proceed: Proceed) -> Answer:
        return proceed(spoil(request))

    return interception.intercept(Layer.INJECT_FAULT, layer)


def without_conditions(pk: str, sk: str = "") -> Spoil:
    """Writes to these items are not conditional."""

    def spoil(act: dict[str, Any]) -> dict[str, Any]:
        key = act.get("Key") or act["Item"]
        if not (key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk) and "ConditionExpression" in act):
            return act
        told = {name: value for name, value in act.items() if name != "ConditionExpression"}
        used = act.get("UpdateExpression", "")
        for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            left = {name: value for name, value in act.get(names, {}).items() if _stands_in(name, used)}
            told.pop(names, None)
            if left:
                told[names] = left
        return told

    return _each_act(lambda kind, act: {kind: spoil(act)} if kind != "ConditionCheck" else {kind: act})


def _stands_in(name: str, expression: str) -> bool:
    words = expression.replace(",", " ").replace("[", " ").replace("(", " ").replace(")", " ").split()
    return name in words


def without(pk: str, sk: str) -> Spoil:
    """Writes to these items are forgotten."""

    def left(kind: str, act: dict[str, Any]) -> dict[str, Any] | None:
        key = act.get("Key") or act["Item"]
        return None if key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk) else {kind: act}

    return _each_act(left)


def _each_act(change: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> Spoil:
    def spoil(request: Request) -> Request:
        if request.operation != "TransactWriteItems":
            return request
        acts = [change(kind, act) for one in request.params["TransactItems"] for kind, act in one.items()]
        return replace(request, params=request.params | {"TransactItems": [act for act in acts if act]})

    return spoil
