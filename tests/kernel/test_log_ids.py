"""Ids on log lines: every line of every trigger has the invocation's, and a 500 quotes the one that finds its line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from contracts.tickets import TicketProgressed
from kernel.base import observability
from kernel.http.declarations import Operation
from kernel.messaging.events import envelope
from tests.kernel.sample_service import SampleService, sheet
from tests.support.company_data import DEALER_ROLES, OWN
from tests.support.declarations import cases
from tests.support.functions import LambdaContext, load_apps, queue_name, queue_record
from tests.support.gateway import Response
from tests.support.log_capture import captured_log
from tests.support.world import World

Line = dict[str, Any]

KEY = "key-canary-5b1e"
KEY_HASH = sha256(KEY.encode()).hexdigest()[:16]
CAUSE = "broken on purpose"


class Trigger(NamedTuple):
    """One function that something outside starts: `kind` is route, queue, schedule or stream."""

    kind: str
    service: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.service} {self.name}"


def every_trigger() -> list[Trigger]:
    """All triggers of all apps, from what the apps declare."""
    found = []
    for service, app in load_apps()[0].items():
        found += [Trigger("route", service, operation.name) for operation in app.operations]
        found += [Trigger("queue", service, spec.function) for spec in app.consumers]
        found += [Trigger("schedule", service, periodic.function) for periodic in app.periodics]
        found += [Trigger("stream", service, stream.function) for stream in app.streams]
    return found


TRIGGERS = every_trigger()
ROUTES = [trigger for trigger in TRIGGERS if trigger.kind == "route"]
QUEUES = [trigger for trigger in TRIGGERS if trigger.kind == "queue"]
OTHERS = [trigger for trigger in TRIGGERS if trigger.kind in ("schedule", "stream")]


class Output:
    """All lines that the functions write: log records, and metrics on standard output."""

    def __init__(self, capsys: pytest.CaptureFixture[str], records: io.StringIO) -> None:
        self._capsys = capsys
        self._records = records

    def read(self) -> list[Line]:
        """The lines since the last reading, log records first."""
        text = self._records.getvalue() + self._capsys.readouterr().out
        self._records.seek(0)
        self._records.truncate()
        assert KEY not in text and "Bearer" not in text and "eyJ" not in text, "neither keys nor tokens"
        return [json.loads(line) for line in text.splitlines()]

    def messages(self) -> list[Line]:
        """The log records since the last reading."""
        text = self._records.getvalue()
        self.read()
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Iterator[Output]:
    capsys.readouterr()
    with captured_log() as records:
        yield Output(capsys, records)


def fail(*_: object, **__: object) -> None:
    raise RuntimeError("broken on purpose")  # as CAUSE; this code runs with the globals of another module


@pytest.fixture
def broken(fast_world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[Trigger], None]:
    """Make the own function of a trigger raise, below everything that the kernel wraps around it."""

    def break_function(trigger: Trigger) -> None:
        app = fast_world.app(trigger.service)
        by_name = {operation.name: operation.handler for operation in app.operations}
        wrapper: Any = app.handler_map.get(trigger.name)
        function = by_name.get(trigger.name) or wrapper.func.__wrapped__
        monkeypatch.setattr(function, "__code__", fail.__code__)

    return break_function


def operation_of(world: World, trigger: Trigger) -> Operation:
    return next(one for one in world.app(trigger.service).operations if one.name == trigger.name)


def send_example(world: World, trigger: Trigger, **more: Any) -> Response:
    """Send a request that passes all checks and reaches the route's handler."""
    operation = operation_of(world, trigger)
    case = next(
        one
        for one in cases()
        if (one.service, one.method, one.route) == (trigger.service, operation.method, operation.path)
    )
    role = case.first_role
    given = {
        "body": case.body_for(OWN),
        "query": case.query_for(OWN),
        "token": world.token(role=role, dealer_id=OWN if role in DEALER_ROLES else None),
    }
    path = case.route.format_map(dict.fromkeys(operation.path_names, "x"))
    return world.call(trigger.service, operation.method, path, **(given | more))


def ids_of(line: Line) -> tuple[str, str, str]:
    return line["request_id"], line["function"], line["correlation_id"]


# ---- every trigger of every app ----


@pytest.mark.parametrize("trigger", ROUTES, ids=str)
def test_every_line_of_a_failed_route_has_the_ids_its_500_quotes(
    fast_world: World, output: Output, broken: Callable[[Trigger], None], trigger: Trigger
) -> None:
    broken(trigger)
    operation = operation_of(fast_world, trigger)
    for key in [KEY] if operation.takes_key else [KEY, None]:
        answer = send_example(fast_world, trigger, key=key)
        assert (answer.status, answer.json["code"]) == (500, "internal-error"), answer.json
        request_id = answer.request_ids[1]
        lines = output.read()
        assert any(CAUSE in line.get("exception", "") for line in lines)
        assert any("RequestFailed" in line for line in lines)
        for line in lines:
            assert ids_of(line) == (request_id, operation.function, KEY_HASH if key else request_id), line


@pytest.mark.parametrize("trigger", ROUTES, ids=str)
def test_every_line_of_a_refused_request_has_the_ids_of_its_invocation(
    fast_world: World, output: Output, trigger: Trigger
) -> None:
    is_public = operation_of(fast_world, trigger).public
    answer = send_example(fast_world, trigger, key=KEY, token=None, **({"body": {}} if is_public else {}))
    refusal = (422, "invalid-fields") if is_public else (401, "not-signed-in")
    assert (answer.status, answer.json["code"]) == refusal
    lines = output.read()
    assert (lines[0]["message"], lines[0]["code"]) == ("refused", refusal[1])
    function = operation_of(fast_world, trigger).function
    for line in lines:
        assert ids_of(line) == (lines[0]["request_id"], function, KEY_HASH)


def message(subject: str, queue: str) -> dict[str, Any]:
    """An SQS record with an event."""
    event = TicketProgressed(ticket_id="T1", dealer_id=OWN, step="registered", state="new", title="灯")
    body = envelope(event, subject=subject, sequence=1, dealer_id=OWN).model_dump_json()
    return queue_record(f"m-{subject}", body, queue)


@pytest.mark.parametrize("trigger", QUEUES, ids=str)
def test_every_line_of_a_message_has_only_its_event_id(
    fast_world: World, output: Output, broken: Callable[[Trigger], None], trigger: Trigger
) -> None:
    broken(trigger)
    context = LambdaContext(f"qudao-test-{trigger.name}")
    spec = next(spec for spec in fast_world.app(trigger.service).consumers if spec.function == trigger.name)
    queue = queue_name(spec)
    unreadable = queue_record("m-none", "{", queue)
    batch = {"Records": [message("A", queue), unreadable, message("B", queue)]}
    answer = fast_world.invoke(trigger.service, trigger.name, batch, context=context)
    # Those of a FIFO queue are in its retry queue now.
    assert len(answer["batchItemFailures"]) == (0 if spec.fifo else 3)
    lines = output.read()
    records = [line for line in lines if "message" in line]
    assert [(line["message"], line["correlation_id"]) for line in records][:5] == [
        ("message", "evt_A_1"),
        ("message failed", "evt_A_1"),
        ("message failed", context.aws_request_id),
        ("message", "evt_B_1"),
        ("message failed", "evt_B_1"),
    ]
    assert [line["correlation_id"] for line in lines if "MessageFailed" in line] == [context.aws_request_id]
    for line in lines:
        assert ids_of(line)[:2] == (context.aws_request_id, context.function_name), line


@pytest.mark.parametrize("trigger", OTHERS, ids=str)
def test_every_line_of_a_failed_schedule_or_stream_has_ids(
    fast_world: World, output: Output, broken: Callable[[Trigger], None], trigger: Trigger
) -> None:
    broken(trigger)
    context = LambdaContext(f"qudao-test-{trigger.name}")
    scheduled = {"version": "0", "account": "1", "region": "r", "detail": {}, "detail-type": "Scheduled Event"}
    event = {"Records": []} if trigger.kind == "stream" else scheduled | dict.fromkeys(("source", "time", "id"), "x")
    event |= {"resources": []}
    with pytest.raises(RuntimeError, match=CAUSE):
        fast_world.invoke(trigger.service, trigger.name, event, context=context)
    lines = output.read()
    assert lines[0]["message"] == "invocation failed" and CAUSE in lines[0]["exception"]
    for line in lines:
        assert ids_of(line) == (context.aws_request_id, context.function_name, context.aws_request_id), line


def test_every_kind_of_trigger_is_looked_at() -> None:
    assert load_apps()[1] == {}, "an app that cannot be imported would be left out"
    assert len(ROUTES) > 50 and len(QUEUES) > 5 and len(OTHERS) > 4
    assert {trigger.kind for trigger in TRIGGERS} == {"route", "queue", "schedule", "stream"}


# ---- one invocation after another ----


def test_ids_of_one_request_do_not_reach_the_next(world: World, service: SampleService, output: Output) -> None:
    token = world.token(role="admin")
    world.call("sample", "POST", "/sheets", body=sheet("一", 2_000), token=token, key=KEY)
    first = world.call("sample", "GET", "/broken", token=token)
    second = world.call("sample", "GET", "/broken", token=token)
    lines = output.messages()
    assert [line["message"] for line in lines] == ["refused", "failed", "failed"]
    ids = [answer.request_ids[1] for answer in (first, second)]
    assert [line["correlation_id"] for line in lines] == [KEY_HASH, *ids]
    assert len({line["request_id"] for line in lines}) == 3


def test_all_attempts_under_one_key_share_a_correlation_id(
    world: World, service: SampleService, output: Output
) -> None:
    for _ in range(2):
        world.call("sample", "POST", "/sheets", body=sheet("一", 2_000), token=world.token(role="admin"), key=KEY)
    lines = output.messages()
    assert [line["correlation_id"] for line in lines] == [KEY_HASH, KEY_HASH]
    assert lines[0]["request_id"] != lines[1]["request_id"]


def test_a_key_that_no_encoding_takes_is_refused_like_every_malformed_one(
    world: World, service: SampleService, output: Output
) -> None:
    answer = world.call("sample", "POST", "/sheets", body=sheet(), token=world.token(role="admin"), key="\ud800")
    assert (answer.status, answer.json["code"]) == (400, "idempotency-key-required")
    assert len(output.messages()[0]["correlation_id"]) == 16


def test_a_line_outside_of_invocations_has_no_ids(output: Output) -> None:
    outer, inner = LambdaContext("outer"), LambdaContext("inner")
    with observability.log_invocation(outer):
        with observability.log_invocation(inner):
            observability.logger().info("inner")
        observability.logger().info("outer")
    observability.logger().info("none")
    lines = {line["message"]: line for line in output.messages()}
    assert ids_of(lines["inner"])[0] == inner.aws_request_id
    assert ids_of(lines["outer"])[0] == outer.aws_request_id
    assert not {"request_id", "function", "correlation_id"} & set(lines["none"])


def test_a_line_of_another_thread_has_the_ids_of_the_invocation(output: Output) -> None:
    context = LambdaContext("threads")
    with observability.log_invocation(context), ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(observability.logger().info, "aside").result()
    assert [line["request_id"] for line in output.messages()] == [context.aws_request_id]


def test_a_metric_that_is_full_is_written_with_the_ids(output: Output) -> None:
    context = LambdaContext("many")
    with observability.log_invocation(context):
        for _ in range(101):
            observability.record_duration("Waited", 1)
    lines = output.read()
    assert [len(line["Waited"]) for line in lines] == [100, 1]
    assert {ids_of(line) for line in lines} == {(context.aws_request_id, "many", context.aws_request_id)}
