"""The one place every AWS call of the process passes, boto3's and PynamoDB's: `BaseClient._make_api_call`.

Layers stand between the caller and the network, in the order of `Place`; each may note the call, hold it up, break it
or answer it. They are there only within their `inserted` block, so a call that nobody watches costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.models import botocore_stubber

Answer = dict[str, Any]


class Place(IntEnum):
    """Where a layer stands, from the caller to the network."""

    NOTE = 0
    HOLD_UP = 1
    BREAK = 2
    ANSWER = 3


@dataclass
class Request:
    """One call as the program made it. With `answer_lost` it is done, but the first answer does not arrive, so that
    the SDK sends it again."""

    client: Any
    operation: str
    params: dict[str, Any]
    answer_lost: bool = False

    @property
    def service(self) -> str:
        """As botocore names it: "dynamodb"."""
        return str(self.client.meta.service_model.service_name)

    @property
    def sent_once(self) -> bool:
        """Whether the SDK gives up after the first attempt."""
        retries = self.client.meta.config.retries or {}
        return bool(retries.get("total_max_attempts") == 1)

    def refused(self, code: str, message: str, *, status: int = 400, **more: Any) -> ClientError:
        """The exception botocore raises for such an answer."""
        answer: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0},
            **more,
        }
        kind: type[ClientError] = self.client.exceptions.from_code(code)
        return kind(answer, self.operation)


Proceed = Callable[[Request], Answer]
Layer = Callable[[Request, Proceed], Answer]


@contextmanager
def inserted(place: Place, layer: Layer) -> Iterator[None]:
    """Let the calls made inside go through this layer; of layers at one place, the later is nearer to the caller."""
    here = (place, layer)
    _layers.insert(sum(other < place for other, _ in _layers), here)
    _compose()
    try:
        yield
    finally:
        _layers.remove(here)
        _compose()


_layers: list[tuple[Place, Layer]] = []
_send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
_losing: list[Request] = []


def _to_the_network(request: Request) -> Answer:
    if request.answer_lost:
        _losing.append(request)
    answer: Answer = _send(request.client, request.operation, request.params)
    return answer


def _compose() -> None:
    global _way
    way: Proceed = _to_the_network
    for _, layer in reversed(_layers):
        way = partial(_through, layer, way)
    _way = way


def _through(layer: Layer, proceed: Proceed, request: Request) -> Answer:
    return layer(request, proceed)


_way: Proceed = _to_the_network


def _make_api_call(client: BaseClient, operation: str, params: dict[str, Any]) -> Answer:
    if not _layers:
        answer: Answer = _send(client, operation, params)
        return answer
    return _way(Request(client, operation, params))


def _lose_the_answer(request: Any, event_name: str, **_: Any) -> None:
    if _losing:
        _losing.clear()
        botocore_stubber(event_name, request)
        raise ReadTimeoutError(endpoint_url=request.url)


BaseClient._make_api_call = _make_api_call  # type: ignore[attr-defined]
# Moto answers in `before-send` too, and an error returned there would not stop it: it must be called, then drowned out.
BUILTIN_HANDLERS.insert(0, ("before-send", _lose_the_answer))
