"""Intercept every AWS call of the process, of boto3 and of PynamoDB, in `BaseClient._make_api_call`.

Handlers run between the caller and the network, in the order of `Layer`. Each may record the call, delay it, break it
or answer it. A handler is active only inside its `intercept` block, so other calls cost nothing more.
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


class Layer(IntEnum):
    """Position of a handler, from the caller to the network."""

    RECORD = 0
    DELAY = 1
    INJECT_FAULT = 2
    ANSWER = 3


@dataclass
class Request:
    """One call of the program.

    With `answer_lost` the call takes effect, but its first answer does not arrive, so the SDK sends it again.
    """

    client: Any
    operation: str
    params: dict[str, Any]
    answer_lost: bool = False

    @property
    def service(self) -> str:
        """Botocore's name of the service, such as "dynamodb"."""
        return str(self.client.meta.service_model.service_name)

    @property
    def has_single_attempt(self) -> bool:
        """True if the SDK does not send the call again."""
        retries = self.client.meta.config.retries or {}
        return bool(retries.get("total_max_attempts") == 1)

    def client_error(self, code: str, message: str, *, status: int = 400, **more: Any) -> ClientError:
        """Return the exception that botocore raises for such an answer."""
        answer: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0},
            **more,
        }
        kind: type[ClientError] = self.client.exceptions.from_code(code)
        return kind(answer, self.operation)


Proceed = Callable[[Request], Answer]
Handler = Callable[[Request, Proceed], Answer]


@contextmanager
def intercept(layer: Layer, handler: Handler) -> Iterator[None]:
    """Pass the calls made inside the block through this handler.

    Of several handlers in one layer, the one added last is nearest to the caller.
    """
    entry = (layer, handler)
    _handlers.insert(sum(earlier < layer for earlier, _ in _handlers), entry)
    _compose()
    try:
        yield
    finally:
        _handlers.remove(entry)
        _compose()


_handlers: list[tuple[Layer, Handler]] = []
_original_call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
_answers_to_lose: list[Request] = []


def _send(request: Request) -> Answer:
    if request.answer_lost:
        _answers_to_lose.append(request)
    answer: Answer = _original_call(request.client, request.operation, request.params)
    return answer


def _compose() -> None:
    global _first_handler
    proceed: Proceed = _send
    for _, handler in reversed(_handlers):
        proceed = partial(_call_handler, handler, proceed)
    _first_handler = proceed


def _call_handler(handler: Handler, proceed: Proceed, request: Request) -> Answer:
    return handler(request, proceed)


_first_handler: Proceed = _send


def _make_api_call(client: BaseClient, operation: str, params: dict[str, Any]) -> Answer:
    if not _handlers:
        answer: Answer = _original_call(client, operation, params)
        return answer
    return _first_handler(Request(client, operation, params))


def _lose_answer(request: Any, event_name: str, **_: Any) -> None:
    if _answers_to_lose:
        _answers_to_lose.clear()
        botocore_stubber(event_name, request)
        raise ReadTimeoutError(endpoint_url=request.url)


BaseClient._make_api_call = _make_api_call  # type: ignore[attr-defined]
# Moto answers in `before-send` too. Raising there alone would skip moto, so `_lose_answer` calls moto first.
BUILTIN_HANDLERS.insert(0, ("before-send", _lose_answer))
