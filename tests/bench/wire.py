"""Open a world whose AWS answers in place of the network, so that the SDK serialises and signs every call.

Import this module before the first client is made.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.handlers import BUILTIN_HANDLERS

from tests.fast_aws.fast_cloud import FastCloud
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fast_aws.items import ServiceError
from tests.support.world import World, opened

#: Service by the first part of the header X-Amz-Target.
_SERVICES = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "secretsmanager": "secretsmanager",
}


class Wire:
    """Answers requests of the SDK while it has a cloud."""

    def __init__(self) -> None:
        self.cloud: FastCloud | None = None

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.cloud is None:
            return None
        target, _, operation = request.headers["X-Amz-Target"].decode().partition(".")
        params = json.loads(request.body, object_hook=_with_bytes)
        try:
            status, answer = 200, self.cloud._answer(_SERVICES[target], operation, params)
        except ServiceError as error:
            status, answer = 400, {"__type": error.code, "message": error.message, **error.more}
        response = AWSResponse(request.url, status, HTTPHeaders(), None)
        response._content = json.dumps(answer, default=lambda value: base64.b64encode(bytes(value)).decode()).encode()
        return response


@contextmanager
def opened_on_the_wire() -> Iterator[World]:
    """Open a new world behind the wire."""
    with patch.object(FastCloud, "_handle", _pass_on), opened(fast=True) as world:
        assert isinstance(world.cloud, FastCloud)
        wire.cloud = world.cloud
        try:
            yield world
        finally:
            wire.cloud = None


def _pass_on(cloud: FastCloud, request: Request, proceed: Proceed) -> Answer:
    wire.cloud = cloud  # a new world makes its first calls before it is handed over
    return proceed(request)


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    return value


wire = Wire()
BUILTIN_HANDLERS.insert(0, ("before-send", wire))
