"""Records of the declared triggers, from which wrappers, packages, alarms and the OpenAPI document are made."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import BaseModel

from kernel.http.codes import code_type_of
from kernel.http.models import Body, Query
from kernel.http.principal import Role

#: Lambda function that serves a route when its declaration names none.
API_HANDLER = "api_handler"

#: The parameters of a handler that a request can fill, besides the variables of its path.
_READ = ("caller", "query", "body", "key")


class Operation(NamedTuple):
    """One route with everything that its wrapper checks and its documentation shows.

    `path_codes`: the variables of the path that are codes; they are folded before anything else sees them.
    `takes`: those of `caller`, `query`, `body` and `key` that the handler has as parameters.
    `function`: the Lambda function that serves the route.
    `public`: anyone may call the route, without a token; it has no roles.
    `check`: raises `Invalid` for a body whose content is wrong, and changes nothing; `check_takes`: its parameters.
    """

    method: str
    path: str
    roles: frozenset[Role]
    status: int
    summary: str
    handler: Callable[..., BaseModel]
    path_names: tuple[str, ...]
    path_codes: frozenset[str]
    body: type[Body] | None
    query: type[Query] | None
    answer: type[BaseModel]
    takes: tuple[str, ...]
    function: str
    check: Callable[..., object] | None
    check_takes: tuple[str, ...]
    public: bool = False

    @property
    def name(self) -> str:
        """The handler's name, which is also the operation id."""
        return self.handler.__name__

    @property
    def module(self) -> str:
        """Module that declares the route."""
        return self.handler.__module__

    @property
    def takes_key(self) -> bool:
        """True if the route requires an Idempotency-Key."""
        return "key" in self.takes

    def arguments(self, path_values: dict[str, str], **read: Any) -> dict[str, Any]:
        """Return the handler's arguments: the path values, and what it takes of `caller`, `query`, `body`, `key`."""
        arguments: dict[str, Any] = dict(path_values)
        for name in self.takes:
            arguments[name] = read[name]
        return arguments


class ConsumerSpec(NamedTuple):
    """One queue and the function that handles its messages. `subscribes` is empty for a queue of commands.

    `module`: where the function is declared.
    `message_seconds`: the time one message may take; with less time left, the function begins no further message.
    """

    function: str
    module: str
    queue: str
    fifo: bool
    subscribes: tuple[str, ...]
    batch_size: int
    timeout_seconds: int
    memory_mb: int
    message_seconds: float


class PeriodicSpec(NamedTuple):
    """One function, declared in `module`, that runs every `minutes`."""

    function: str
    module: str
    minutes: int
    timeout_seconds: int


class StreamSpec(NamedTuple):
    """One function, declared in `module`, that gets the new items of the table's stream."""

    function: str
    module: str
    batch_size: int
    timeout_seconds: int


def operation_from_signature(
    method: str,
    path: str,
    roles: frozenset[Role],
    status: int,
    summary: str,
    handler: Callable[..., Any],
    function: str,
    check: Callable[..., object] | None = None,
    *,
    public: bool = False,
) -> Operation:
    """Return the operation that a handler's signature declares.

    Raises:
        TypeError: the declaration is incomplete, or names something that a request does not have.
    """
    hints = typing.get_type_hints(handler)
    annotated = typing.get_type_hints(handler, include_extras=True)
    parameters = inspect.signature(handler).parameters
    answer, body, query = hints.get("return"), hints.get("body"), hints.get("query")
    path_names = tuple(name for name in parameters if f"{{{name}}}" in path)
    if bool(roles) is public or not summary:
        raise TypeError(f"{method} {path}: say who may call it and what it does")
    if public and {"caller", "key"} & set(parameters):
        raise TypeError(f"{method} {path}: a public route has no caller, and so no idempotency key")
    if not (isinstance(answer, type) and issubclass(answer, BaseModel)):
        raise TypeError(f"{method} {path}: {handler.__name__} must return a model")
    if set(parameters) - set(path_names) - set(_READ):
        raise TypeError(f"{method} {path}: {handler.__name__} takes something a request does not have")
    if body is not None and not issubclass(body, Body):
        raise TypeError(f"{method} {path}: {body.__name__} must be a Body, which refuses unknown fields")
    if query is not None and not issubclass(query, Query):
        raise TypeError(f"{method} {path}: {query.__name__} must be a Query, which refuses unknown fields")
    check_takes = tuple(inspect.signature(check).parameters) if check else ()
    if set(check_takes) - {"caller", "body", *path_names} or (check and "body" not in check_takes):
        raise TypeError(f"{method} {path}: the check takes the body, and of the caller and the path what it needs")
    return Operation(
        method=method,
        path=path,
        roles=roles,
        status=status,
        summary=summary,
        handler=handler,
        path_names=path_names,
        path_codes=frozenset(name for name in path_names if code_type_of(annotated[name])),
        body=body,
        query=query,
        answer=answer,
        takes=tuple(name for name in _READ if name in parameters),
        function=function,
        check=check,
        check_takes=check_takes,
        public=public,
    )
