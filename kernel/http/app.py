"""The base of every service's `app.py`: routes, consumers and schedules declared once, wired to Chalice here.

What is declared is also what the packaging tool turns into queues, rules and alarms and what the OpenAPI document says.
"""

from __future__ import annotations

import gc
import inspect
import typing
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from chalice.app import Chalice, Rate, Response
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from kernel.base import observability, strict_json
from kernel.base.problems import (
    CONTENT_TYPE,
    BadRequest,
    Busy,
    FieldProblem,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
    problem_document,
)
from kernel.http.field_messages import field_problem
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Body, Query
from kernel.http.principal import Principal, Role, principal_of
from kernel.messaging import consumer
from kernel.messaging.events import Envelope, Event
from kernel.store.table import TransactionRefused

# A long order makes tens of thousands of objects, hardly one of them in a cycle. Looking for such after every 700, as
# Python does unless told otherwise, takes a twentieth of its time.
gc.set_threshold(20_000)

F = TypeVar("F", bound=Callable[..., Any])

#: Lambda function that serves a route when its declaration names none.
API_HANDLER = "api_handler"

_KEY_HEADER = "Idempotency-Key"
_MAX_KEY = 255
_MAX_PATH_VALUE = 200
#: As many as the longest list we take has rows: enough to correct a file in one go, and no endless answer.
_MAX_PROBLEMS = 1_000


class Operation(NamedTuple):
    """One route: everything its wrapper checks and its documentation says."""

    method: str
    path: str
    roles: frozenset[Role]
    status: int
    summary: str
    handler: Callable[..., BaseModel]
    path_names: tuple[str, ...]
    body: type[Body] | None
    query: type[Query] | None
    answer: type[BaseModel]
    takes_caller: bool
    takes_key: bool
    #: Lambda function that serves the route.
    function: str = API_HANDLER

    @property
    def name(self) -> str:
        """The handler's name, which is also the operation id."""
        return self.handler.__name__


class ConsumerSpec(NamedTuple):
    """One queue and the function that works it off. `subscribes` lists event types; a command queue hears none.

    `message_seconds`: so long one message may take; with less time left none is begun.
    """

    function: str
    queue: str
    fifo: bool
    subscribes: tuple[str, ...]
    batch_size: int
    timeout_seconds: int
    memory_mb: int
    message_seconds: float


class PeriodicSpec(NamedTuple):
    """One function run every `minutes`."""

    function: str
    minutes: int
    timeout_seconds: int


class StreamSpec(NamedTuple):
    """One function fed by the table's stream of new items."""

    function: str
    batch_size: int
    timeout_seconds: int


class ServiceApp(Chalice):
    """A Chalice app whose every trigger is declared with what the rest of the system needs to know about it."""

    def __init__(self, service: str) -> None:
        super().__init__(app_name=f"qudao-{service}", configure_logs=False)
        self.service = service
        # What was declared, in the order of `app.py`.
        self.operations: list[Operation] = []
        self.consumers: list[ConsumerSpec] = []
        self.periodics: list[PeriodicSpec] = []
        self.streams: list[StreamSpec] = []

    def operation(
        self,
        method: str,
        path: str,
        *,
        roles: Collection[Role],
        summary: str,
        status: int = HTTPStatus.OK,
        function: str = API_HANDLER,
    ) -> Callable[[F], F]:
        """Declare a route. Default deny: a route without roles does not start.

        The handler's own signature says what it takes: `caller: Principal`, `body: <Body>`, `query: <Query>`,
        `key: IdempotencyKey` (makes the header mandatory), and path variables by name. It returns the answer model.

        Args:
            function: Lambda function that serves the route; each has its own policy.

        Raises:
            TypeError: at import, when the declaration is incomplete.
        """

        def declare(handler: F) -> F:
            operation = _operation(method, path, frozenset(roles), int(status), summary, handler)
            operation = operation._replace(function=function)
            self.operations.append(operation)

            @wraps(handler)
            def view(**path_values: str) -> Response:
                return _answer(operation, self.current_request, path_values)

            # Any content type is let in: the strict parser decides what is JSON, and answers with a problem document.
            self.route(path, methods=[method], name=operation.name, content_types=["*/*"])(view)
            return handler

        return declare

    def consumer(
        self,
        *,
        subscribes: Iterable[type[Event]] = (),
        fifo: bool = False,
        batch_size: int = 10,
        timeout_seconds: int = 30,
        memory_mb: int = 1024,
        message_seconds: float = consumer.MESSAGE_SECONDS,
    ) -> Callable[[Callable[[Envelope], None]], Callable[..., Any]]:
        """Declare a queue of this service and the function that handles its messages, one `Envelope` at a time.

        The queue bears the function's name. With `subscribes`, a rule of the bus fills it; without, commands do.

        Args:
            message_seconds: so long one message may take, above all waiting for others.

        Raises:
            TypeError: at import, when that is more than the function has.
        """
        if message_seconds >= timeout_seconds:
            raise TypeError(f"{self.service}: no message of {message_seconds} s fits into {timeout_seconds} s")

        def declare(handle: Callable[[Envelope], None]) -> Callable[..., Any]:
            name = handle.__name__
            types = tuple(event.TYPE for event in subscribes)
            queue = name.replace("_", "-")
            spec = ConsumerSpec(name, queue, fifo, types, batch_size, timeout_seconds, memory_mb, message_seconds)
            self.consumers.append(spec)

            @wraps(handle)
            def work_off(event: Any) -> consumer.PartialBatch:
                return consumer.each_message(event.to_dict(), event.context, handle, message_seconds)

            # The queue itself is made by the packaging tool, which puts a reference in place of this name.
            source: Callable[..., Any] = self.on_sqs_message(
                queue_arn=f"arn:aws:sqs:us-east-1:000000000000:{spec.queue}", batch_size=batch_size, name=name
            )(work_off)
            return source

        return declare

    def periodic(
        self, *, minutes: int, timeout_seconds: int = 60
    ) -> Callable[[Callable[[], None]], Callable[..., Any]]:
        """Declare a function run every `minutes`. A run may be lost or doubled: it must find its work by itself."""

        def declare(run: Callable[[], None]) -> Callable[..., Any]:
            self.periodics.append(PeriodicSpec(run.__name__, minutes, timeout_seconds))

            @wraps(run)
            def tick(event: Any) -> None:
                with observability.invocation(event.context):
                    run()

            source: Callable[..., Any] = self.schedule(Rate(minutes, unit=Rate.MINUTES), name=run.__name__)(tick)
            return source

        return declare

    def stream(
        self, *, batch_size: int = 100, timeout_seconds: int = 60
    ) -> Callable[[Callable[[list[dict[str, Any]]], None]], Callable[..., Any]]:
        """Declare the function fed by the table's stream, a list of raw records at a time."""

        def declare(handle: Callable[[list[dict[str, Any]]], None]) -> Callable[..., Any]:
            self.streams.append(StreamSpec(handle.__name__, batch_size, timeout_seconds))

            @wraps(handle)
            def receive(event: Any) -> None:
                with observability.invocation(event.context):
                    handle(event.to_dict()["Records"])

            source: Callable[..., Any] = self.on_dynamodb_record(
                stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s", batch_size=batch_size
            )(receive)
            return source

        return declare

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer an API Gateway event; whatever Chalice itself refuses leaves as a problem document too."""
        with observability.invocation(context):
            answer: dict[str, Any] = super().__call__(event, context)
        status = HTTPStatus(answer["statusCode"])
        if status < HTTPStatus.BAD_REQUEST or answer["headers"].get("Content-Type") == CONTENT_TYPE:
            return answer
        code = status.phrase.lower().replace(" ", "-")
        return answer | _response(int(status), problem_document(status, code, status.phrase)).to_dict()


def _operation(
    method: str, path: str, roles: frozenset[Role], status: int, summary: str, handler: Callable[..., Any]
) -> Operation:
    hints = typing.get_type_hints(handler)
    parameters = inspect.signature(handler).parameters
    answer, body, query = hints.get("return"), hints.get("body"), hints.get("query")
    path_names = tuple(name for name in parameters if f"{{{name}}}" in path)
    if not roles or not summary:
        raise TypeError(f"{method} {path}: say who may call it and what it does")
    if not (isinstance(answer, type) and issubclass(answer, BaseModel)):
        raise TypeError(f"{method} {path}: {handler.__name__} must return a model")
    if set(parameters) - set(path_names) - {"caller", "body", "query", "key"}:
        raise TypeError(f"{method} {path}: {handler.__name__} takes something a request does not have")
    if body is not None and not issubclass(body, Body):
        raise TypeError(f"{method} {path}: {body.__name__} must be a Body, which refuses unknown fields")
    if query is not None and not issubclass(query, Query):
        raise TypeError(f"{method} {path}: {query.__name__} must be a Query, which refuses unknown fields")
    return Operation(
        method=method,
        path=path,
        roles=roles,
        status=status,
        summary=summary,
        handler=handler,
        path_names=path_names,
        body=body,
        query=query,
        answer=answer,
        takes_caller="caller" in parameters,
        takes_key="key" in parameters,
    )


def _answer(operation: Operation, request: Any, path_values: dict[str, str]) -> Response:
    observability.correlate_with_key(request.headers.get(_KEY_HEADER))
    try:
        return _perform(operation, request, path_values)
    except Problem as problem:
        observability.logger().info("refused", operation=operation.name, code=problem.code, status=int(problem.status))
        return _response(int(problem.status), problem.document())
    except TransactionRefused as refused:
        # Someone else changed the same thing between our reading and writing; nothing was written.
        observability.logger().info("overtaken", operation=operation.name, conditions=str(refused))
        return _response(int(Busy.status), Busy().document())
    except Exception:
        # The answer hides the cause; the log line has it, under the id that the caller can quote.
        request_id = observability.request_id()
        observability.logger().exception("failed", operation=operation.name)
        observability.count("RequestFailed")
        fault = Problem(
            "internal-error", "系统错误,已记录,请稍后重试 / our fault and recorded; retry later", request_id=request_id
        )
        return _response(int(fault.status), fault.document())


def _perform(operation: Operation, request: Any, path_values: dict[str, str]) -> Response:
    caller = principal_of(request.headers.get("authorization"))
    if not caller.roles & operation.roles:
        raise NotAllowed
    if not all(_is_valid_path_value(value) for value in path_values.values()):
        raise NotFound
    arguments: dict[str, Any] = dict(path_values)
    if operation.takes_caller:
        arguments["caller"] = caller
    if operation.query is not None:
        arguments["query"] = _read_query(operation.query, request.query_params or {})
    if operation.body is not None:
        arguments["body"] = _read_body(operation.body, strict_json.parse(request.raw_body))
    if not operation.takes_key:
        return _respond(operation, operation.handler(**arguments))
    key = _idempotency_key(operation, request, caller, path_values, arguments.get("body"))
    return _run_or_replay(operation, key, arguments)


def _is_valid_path_value(value: str) -> bool:
    """Path values become parts of keys: bounded as the database bounds those, and without the mark between parts."""
    return 0 < len(value) <= _MAX_PATH_VALUE and "#" not in value and value.isprintable()


def _run_or_replay(operation: Operation, key: IdempotencyKey, arguments: dict[str, Any]) -> Response:
    """Do it, or answer as the first time. The stored answer is looked up only when the attempt does not succeed, so the
    usual request pays no read for it; a repeat always fails, at the latest on the key in its own transaction."""
    try:
        return _respond(operation, operation.handler(**arguments, key=key))
    except (Problem, TransactionRefused):
        earlier = key.recorded_response()
        if earlier is None:
            raise
        return _response(earlier[0], earlier[1])


def _idempotency_key(
    operation: Operation, request: Any, caller: Principal, path_values: dict[str, str], body: Body | None
) -> IdempotencyKey:
    sent = request.headers.get(_KEY_HEADER, "")
    if not 1 <= len(sent) <= _MAX_KEY or not sent.isascii() or not sent.isprintable() or "#" in sent:
        detail = f"请提供 1–{_MAX_KEY} 个字符的 {_KEY_HEADER} / send an {_KEY_HEADER} header of 1-{_MAX_KEY} characters"
        problem = FieldProblem(field=_KEY_HEADER, code="missing-or-malformed", detail=detail)
        raise BadRequest("idempotency-key-required", detail, [problem])
    return IdempotencyKey.of(
        who=caller.scope,
        route=f"{operation.method} {operation.path}",
        key=sent,
        path=path_values,
        body=body,
        status=operation.status,
    )


def _read_body(model: type[Body], value: Any) -> Body:
    """The body a parsed JSON value stands for."""
    try:
        # Read from JSON once more, for from Python's values a strict model takes no text for a date or a choice.
        body, problems = model.model_validate_json(to_json(value)), []
    except ValidationError as error:
        body, problems = None, _field_problems(error)
    problems += model.problems_across(value)
    if body is None or problems:
        raise Invalid(problems[:_MAX_PROBLEMS])
    return body


def _read_query(model: type[Query], parameters: Any) -> Query:
    try:
        return model.model_validate({name: parameters[name] for name in parameters})
    except ValidationError as error:
        raise Invalid(_field_problems(error)) from None


def _field_problems(error: ValidationError) -> list[FieldProblem]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [field_problem(one) for one in found[:_MAX_PROBLEMS]]


def _respond(operation: Operation, answer: BaseModel) -> Response:
    return _response(operation.status, answer.model_dump_json())


_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _response(status: int, body: str | dict[str, Any]) -> Response:
    if isinstance(body, dict):
        return Response(strict_json.canonical(body), {"Content-Type": CONTENT_TYPE, **_HEADERS}, status)
    return Response(body, {"Content-Type": "application/json", **_HEADERS}, status)
