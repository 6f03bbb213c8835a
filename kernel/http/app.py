"""The base of every service's `app.py`: routes, consumers and schedules are declared once, and wired to Chalice here.

From the same declarations the packaging tool makes queues, rules and alarms, and the OpenAPI document its pages.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from chalice.app import Chalice, Rate, Response

from kernel.base import observability
from kernel.base.problems import CONTENT_TYPE, Problem, problem_document
from kernel.http import requests, responses
from kernel.http.declarations import (
    API_HANDLER,
    ConsumerSpec,
    Operation,
    PeriodicSpec,
    StreamSpec,
    operation_from_signature,
)
from kernel.http.principal import Role, principal_of
from kernel.messaging import consumer
from kernel.messaging.events import Envelope, Event
from kernel.store.transaction import TransactionRefused

# A long order makes tens of thousands of objects, and hardly one of them is part of a cycle. Python by default looks
# for cycles after every 700 new objects, which takes a twentieth of the order's time.
gc.set_threshold(20_000)

#: Chinese sentences of the refusals that Chalice makes itself.
_CHINESE = {
    HTTPStatus.METHOD_NOT_ALLOWED: "此地址不支持该方法",
    HTTPStatus.INTERNAL_SERVER_ERROR: "系统错误,请稍后重试",
}

F = TypeVar("F", bound=Callable[..., Any])


class ServiceApp(Chalice):
    """A Chalice app that declares each trigger together with the facts that packaging, alarms and documents need."""

    def __init__(self, service: str) -> None:
        super().__init__(app_name=f"qudao-{service}", configure_logs=False)
        self.service = service
        # The declared triggers, in the order of `app.py`.
        self.operations: list[Operation] = []
        self.consumers: list[ConsumerSpec] = []
        self.periodics: list[PeriodicSpec] = []
        self.streams: list[StreamSpec] = []

    def operation(
        self,
        method: str,
        path: str,
        *,
        roles: Collection[Role] = (),
        public: bool = False,
        summary: str,
        status: int = HTTPStatus.OK,
        function: str = API_HANDLER,
        check: Callable[..., object] | None = None,
    ) -> Callable[[F], F]:
        """Declare a route. Default deny: a route without roles does not start, unless it is declared public.

        The handler's own signature declares what it takes: `caller: Principal`, `body: <Body>`, `query: <Query>`,
        `key: IdempotencyKey` (makes the header mandatory), and path variables by name. It returns the answer model.

        Args:
            public: anyone may call the route without a token; then it takes no `caller` and no `key`.
            function: Lambda function that serves the route; each has its own policy.
            check: raises `Invalid` for a body whose content is wrong, and changes nothing. It takes `body`, and of
                `caller` and the path variables what it needs. It is called only for a body that has wrong fields, so
                that one answer also names the wrong content of its other fields.

        Raises:
            TypeError: at import, when the declaration is incomplete.
        """

        def declare(handler: F) -> F:
            operation = operation_from_signature(
                method, path, frozenset(roles), int(status), summary, handler, function, check, public=public
            )
            self.operations.append(operation)
            # Every content type may pass: the strict parser decides what is JSON, and answers with a problem document.
            self.route(path, methods=[method], name=operation.name, content_types=["*/*"])(self._view(operation))
            return handler

        return declare

    def _view(self, operation: Operation) -> Callable[..., Response]:
        """Return the function that Chalice calls for a route: all steps of a request, in their order.

        The steps are one function and not Chalice middlewares: each middleware would add a frame and its CPU.
        """

        @wraps(operation.handler)
        def view(**path_values: str) -> Response:
            request: Any = self.current_request
            observability.correlate_with_idempotency_key(request.headers.get(requests.KEY_HEADER))
            try:
                caller = None if operation.public else principal_of(request.headers.get("authorization"))
                requests.check_role(operation, caller)
                requests.check_charset(request)
                path_values = requests.read_path_values(operation, path_values)
                query = requests.read_query(operation, request)
                body = requests.read_body(operation, request, caller, path_values)
                key = requests.idempotency_key_of(operation, request, caller, path_values, body)
                arguments = operation.arguments(path_values, caller=caller, query=query, body=body, key=key)
                try:
                    answer = operation.handler(**arguments)
                    return responses.json_response(operation.status, answer.model_dump_json())
                except (Problem, TransactionRefused):
                    # A repeat always fails, at the latest on the key in its own transaction. So the first answer is
                    # looked up only now, and the usual request pays no read for it.
                    recorded = key.recorded_response() if key else None
                    if recorded is None:
                        raise
                    return responses.json_response(*recorded)
            except Exception as error:
                return responses.error_response(operation, requests.with_row_names(operation, request, error))

        return view

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

        The queue has the function's name. With `subscribes`, a rule of the bus fills it; without, commands do.

        Args:
            message_seconds: the time one message may take, most of it spent in waiting for others.

        Raises:
            TypeError: at import, when one message may take longer than the function.
        """
        if message_seconds >= timeout_seconds:
            raise TypeError(f"{self.service}: no message of {message_seconds} s fits into {timeout_seconds} s")

        def declare(handle: Callable[[Envelope], None]) -> Callable[..., Any]:
            name = handle.__name__
            types = tuple(event.TYPE for event in subscribes)
            queue = name.replace("_", "-")
            spec = ConsumerSpec(
                name, handle.__module__, queue, fifo, types, batch_size, timeout_seconds, memory_mb, message_seconds
            )
            self.consumers.append(spec)

            @wraps(handle)
            def handle_batch(event: Any) -> consumer.PartialBatch:
                return consumer.each_message(event.to_dict(), event.context, handle, message_seconds)

            # The queue itself is made by the packaging tool, which puts a reference in place of this name.
            source: Callable[..., Any] = self.on_sqs_message(
                queue_arn=f"arn:aws:sqs:us-east-1:000000000000:{spec.queue}", batch_size=batch_size, name=name
            )(handle_batch)
            return source

        return declare

    def periodic(
        self, *, minutes: int, timeout_seconds: int = 60
    ) -> Callable[[Callable[[], None]], Callable[..., Any]]:
        """Declare a function that runs every `minutes`. A run may be lost or doubled: it must find its work itself."""

        def declare(run: Callable[[], None]) -> Callable[..., Any]:
            self.periodics.append(PeriodicSpec(run.__name__, run.__module__, minutes, timeout_seconds))

            @wraps(run)
            def tick(event: Any) -> None:
                with observability.log_invocation(event.context):
                    run()

            source: Callable[..., Any] = self.schedule(Rate(minutes, unit=Rate.MINUTES), name=run.__name__)(tick)
            return source

        return declare

    def stream(
        self, *, batch_size: int = 100, timeout_seconds: int = 60
    ) -> Callable[[Callable[[list[dict[str, Any]]], None]], Callable[..., Any]]:
        """Declare the function that gets the table's stream, a list of raw records at a time."""

        def declare(handle: Callable[[list[dict[str, Any]]], None]) -> Callable[..., Any]:
            self.streams.append(StreamSpec(handle.__name__, handle.__module__, batch_size, timeout_seconds))

            @wraps(handle)
            def receive(event: Any) -> None:
                with observability.log_invocation(event.context):
                    handle(event.to_dict()["Records"])

            source: Callable[..., Any] = self.on_dynamodb_record(
                stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s", batch_size=batch_size
            )(receive)
            return source

        return declare

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer an API Gateway event. What Chalice itself refuses becomes a problem document too.

        Every answer has the id of its request as a header, and a problem document repeats it.
        """
        with observability.log_invocation(context):
            answer: dict[str, Any] = super().__call__(event, context)
            status = HTTPStatus(answer["statusCode"])
            if status >= HTTPStatus.BAD_REQUEST and answer["headers"].get("Content-Type") != CONTENT_TYPE:
                code = status.phrase.lower().replace(" ", "-")
                chinese = _CHINESE.get(status, "请求未能处理")
                document = problem_document(status, code, f"{chinese} / {status.phrase.lower()}")
                answer |= responses.problem_response(int(status), document).to_dict()
        answer["headers"][responses.REQUEST_ID_HEADER] = context.aws_request_id
        return answer
