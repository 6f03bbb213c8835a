"""The whole system in one process: AWS in memory, every service's real app, messages carried by hand.

    def test_something(world: World) -> None:
        buyer = world.token(role="dealer_buyer", dealer_id="D0001")
        answer = world.call("orders", "POST", "/orders", body={...}, token=buyer, key="k-1")
        assert answer.status == 202, answer.json
        world.drain()                              # stream -> relay -> bus -> queues -> functions, until all is quiet
        before = world.snapshot()
        world.redeliver_everything()               # every message and every stream record once more
        assert world.snapshot() == before

- `world.call(service, method, path, body=|raw_body=, token=, key=, query=, headers=)` is API Gateway: the most literal
  route wins, the app gets a REST proxy event. A path no route matches is a LookupError, not an answer.
- `world.token(role=, dealer_id=, **claims)` signs an ID token; a claim given as None is left out, `roles=[...]` gives
  several. Only the fetching of the issuer's keys is replaced (`_publish_keys`); signatures are really checked.
- `world.drain()` fails when a message ends among the dead letters, unless `may_fail=True`; it returns what was
  delivered. `world.dead_letters()` lists what was given up on.
- `world.relay_once()`, `world.consume_once(service, function)` and `with world.held_back(queue)` take it step by step.
- `world.periodic(service, function)` runs a scheduled function once.
- `world.inhabit(app, ...)` leaves only the relay and these services, which may be a test's own.
- `world.clock.advance(minutes=5)`, `world.clock.set(moment)`. The clock starts on Monday 23 November 2026 at 10:00 in
  Shanghai and goes one millisecond further each time it is read. Tokens and moto live in real time.
- `world.empty()` begins anew; `world.save()` and `world.restore(saved)` go back to a state that was dear to make.
  tests/faults.py breaks the system at every AWS call it makes, tests/calls.py tells which rights these calls need.
- `with world.disorder(Random(7), repeats=0.2)`: queues hand out in any order that SQS may choose, some messages twice.
- The fixture `world` stands on moto, `fast_world` on our own small AWS (tests/fast_aws), which is the same at a twentieth
  of the time; there queues live in the world's time too. `opened(fast=True)` where no fixture will do.
- `world.snapshot()`: every item as text by its key, to compare byte for byte; `world.items("ORDERS#")`: as values.

Queues, dead letters and rules come from what the apps declare, the table from infra/core.yaml. A service that cannot be
imported is left out, and fails the test that asks for it. Nothing is sent over the network: `no_network` sees to that.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import re
import socket
import time
import traceback
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import count
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

import jwt
from boto3.dynamodb.types import TypeDeserializer
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa

from kernel.http.app import ServiceApp
from kernel.http.declarations import ConsumerSpec, Operation
from kernel.time import clock
from tests.fast_aws.cloud import ACCOUNT, REGION, Cloud, CloudSetup, QueueSetup
from tests.fast_aws.fast_cloud import FastCloud
from tests.fast_aws.items import Item, Key
from tests.fast_aws.moto_cloud import MotoCloud
from tests.faults import running
from tools import paths
from tools.template import MAX_RECEIVES

STAGE = "test"
ISSUER, AUDIENCE = "https://issuer.test/pool", "qudao-test-client"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "QUDAO_STAGE": STAGE,
    "QUDAO_TABLE": f"qudao-{STAGE}",
    "QUDAO_BUS": f"qudao-{STAGE}",
    "QUDAO_OIDC_ISSUER": ISSUER,
    "QUDAO_OIDC_AUDIENCE": AUDIENCE,
    "QUDAO_OIDC_JWKS_URL": f"{ISSUER}/.well-known/jwks.json",
    "QUDAO_SEALING_KEY_NAME": f"qudao/{STAGE}/sealing-key",
    "POWERTOOLS_SERVICE_NAME": "tests",
    "POWERTOOLS_METRICS_NAMESPACE": "Qudao",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SEALING_KEY = Fernet.generate_key().decode()
KEY_ID = "test-key-1"

_BATCH = 100
_MAX_ROUNDS = 400


class Response(NamedTuple):
    """What a route answered; `json` is None for an empty or other body."""

    status: int
    json: Any
    headers: dict[str, str]
    text: str


class Delivery(NamedTuple):
    """One message handed to one function."""

    function: str
    queue: str
    record: dict[str, Any]


class DeadLetter(NamedTuple):
    """A message that was given up on."""

    queue: str
    body: str


@dataclass
class Drained:
    """What happened until all was quiet: functions by the messages they took and the attempts that failed."""

    delivered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dead: list[DeadLetter] = field(default_factory=list)


class Saved(NamedTuple):
    """A state to go back to: table, queues and time, and what had happened by then."""

    cloud: Any
    moment: datetime
    delivered: list[Delivery]
    streamed: int


@dataclass
class _Disorder:
    """How messages come: in any order, some of them again."""

    order: Random
    repeats: float
    again: list[Delivery] = field(default_factory=list)


#: Numbers of the invocations, so that no two have the same id.
_invocations = count()


@dataclass
class LambdaContext:
    """What Lambda hands to a function beside the event."""

    function_name: str
    remaining_ms: int = 30_000
    aws_request_id: str = field(default_factory=lambda: f"00000000-0000-4000-8000-{next(_invocations):012d}")

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would stop the function."""
        return self.remaining_ms


class Clock:
    """The world's time; a millisecond passes at every reading, so what happens later is later."""

    def __init__(self) -> None:
        self.moment = MONDAY_MORNING

    def read(self) -> datetime:
        """This moment, and the next one a millisecond on."""
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def advance(self, **by: float) -> None:
        """Let time pass: `advance(hours=2)`."""
        self.moment += timedelta(**by)

    def set(self, moment: datetime) -> None:
        """Make it this moment (aware)."""
        self.moment = moment.astimezone(UTC)


def _wakes_the_relay(record: dict[str, Any]) -> bool:
    """As the filter of the deployed function has it (tools/template.py)."""
    return str(record["dynamodb"].get("NewImage", {}).get("gsi1pk", {}).get("S", "")).startswith("UNSENT#")


class World:
    """One test's table, bus, queues and time, and every service that could be imported."""

    def __init__(self, *, fast: bool = False) -> None:
        apps, self._broken = load_apps()
        self.apps = dict(apps)
        self.clock = Clock()
        self._held: set[str] = set()
        self._disorder: _Disorder | None = None
        self.cloud: Cloud = (
            FastCloud(self.cloud_setup, lambda: self.clock.moment) if fast else MotoCloud(self.cloud_setup)
        )

    def empty(self) -> None:
        """Begin anew: an empty table, empty queues, Monday morning."""
        self.cloud.reset(self.cloud_setup)
        self.clock.moment = MONDAY_MORNING
        self.delivered: list[Delivery] = []
        self._streamed = self._stream_begins = 0
        self._stream_attempts = 0

    def inhabit(self, *apps: ServiceApp) -> None:
        """Begin anew with the relay and only these services, which may be a test's own."""
        self.apps = {"relay": self.app("relay"), **{app.service: app for app in apps}}
        self.empty()

    def save(self) -> Saved:
        """All as it is, to go back to any number of times."""
        return Saved(self.cloud.save(), self.clock.moment, list(self.delivered), self._streamed)

    def restore(self, saved: Saved, *, with_past: bool = False) -> None:
        """Make it as it was saved, in this world or another of the same cloud.

        What happened before then is not delivered again by `redeliver_everything`, unless `with_past`.
        """
        self.cloud.restore(saved.cloud)
        self.clock.moment = saved.moment
        self.delivered = list(saved.delivered) if with_past else []
        self._streamed = saved.streamed
        self._stream_begins = 0 if with_past else saved.streamed
        self._stream_attempts = 0

    # ---- asking ----

    def app(self, service: str) -> ServiceApp:
        """A service's app; fails the test if it cannot be imported."""
        if service in self._broken:
            raise AssertionError(f"{service} cannot be imported:\n{self._broken[service]}")
        return self.apps[service]

    def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw_body: str | bytes | None = None,
        token: str | None = None,
        key: str | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request through a pretended API Gateway; `path` may carry a query string."""
        app = self.app(service)
        path, _, in_path = path.partition("?")
        operation, path_values = route(app, method, path)
        sent = {"Content-Type": "application/json", "Host": "api.test", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        if raw_body is None and body is not None:
            raw_body = json.dumps(body, ensure_ascii=False)
        asked = urllib.parse.parse_qsl(in_path, keep_blank_values=True)
        asked += [(name, str(value)) for name, value in (query or {}).items() if value is not None]
        event = _proxy_event(operation.path, method, path, path_values, sent, asked, raw_body)
        with function_running(f"{service}.{operation.function}"):
            answer = app(event, LambdaContext(operation.function))
        text = answer["body"]
        is_json = "json" in answer["headers"].get("Content-Type", "")
        return Response(answer["statusCode"], json.loads(text) if is_json else None, answer["headers"], text)

    def token(
        self,
        *,
        role: str = "dealer_buyer",
        dealer_id: str | None = None,
        roles: Sequence[str] | None = None,
        **claims: Any,
    ) -> str:
        """A signed ID token, as the issuer would give it to this user."""
        return _signed(json.dumps(claims_of(role=role, dealer_id=dealer_id, roles=roles, **claims)))

    # ---- letting things happen ----

    def drain(self, *, may_fail: bool = False) -> Drained:
        """Carry messages until nothing moves: new stream records to the relay, queues to their functions."""
        report = Drained()
        dead_before = Counter(self.dead_letters())
        for _ in range(_MAX_ROUNDS):
            moved = self._pump_stream(report)
            for service, spec in self._consumers():
                moved |= self._pump_queue(service, spec, report)
            moved |= self._repeat_some()
            if not moved:
                break
        else:
            raise AssertionError(f"not quiet after {_MAX_ROUNDS} rounds: {report}")
        report.dead = list((Counter(self.dead_letters()) - dead_before).elements())
        assert may_fail or not report.dead, f"given up on: {report.dead}"
        return report

    def relay_once(self) -> None:
        """Hand what was written since to the relay, and nothing to anyone else."""
        while self._pump_stream(Drained()):
            pass

    def consume_once(self, service: str, function: str) -> None:
        """Let one function take one batch from its queue."""
        spec = next(spec for spec in self.app(service).consumers if spec.function == function)
        self._pump_queue(service, spec, Drained())

    @contextmanager
    def held_back(self, queue: str) -> Iterator[None]:
        """Let what comes into this queue, named as its consumer (`reserve-stock`), wait until the end of the block."""
        self._held.add(queue)
        try:
            yield
        finally:
            self._held.remove(queue)

    @contextmanager
    def disorder(self, order: Random, *, repeats: float = 0.0) -> Iterator[None]:
        """Let queues hand out in any order SQS may choose, and the given share of messages twice, sooner or later."""
        self._disorder = _Disorder(order, repeats)
        try:
            yield
        finally:
            self._disorder = None

    def redeliver_everything(self) -> Drained:
        """Deliver again all that was ever taken in well, message by message, and let the relay see the stream anew."""
        report = Drained()
        for delivery in list(self.delivered):
            self.deliver_again(delivery)
            report.delivered[delivery.function] += 1
        self._streamed = self._stream_begins
        after = self.drain()
        report.delivered += after.delivered
        report.failed += after.failed
        return report

    def periodic(self, service: str, function: str) -> None:
        """Run a scheduled function once; what it raises is raised."""
        self.invoke(service, function, _scheduled_event(self.clock.moment))

    def invoke(self, service: str, function: str, event: Any, *, context: Any = None) -> Any:
        """Run a function as Lambda would; returns what it returns."""
        with function_running(f"{service}.{function}"):
            return self.app(service).handler_map[function](event, context or LambdaContext(function))

    # ---- looking ----

    def snapshot(self) -> dict[str, str]:
        """Every item of the table as canonical text, by "pk sk"."""
        return {f"{pk} {sk}": _canonical(item) for (pk, sk), item in self.cloud.rows()}

    def items(self, pk_prefix: str = "") -> list[dict[str, Any]]:
        """The items whose partition key begins so, as Python values, in key order."""
        rows = sorted((row for row in self.cloud.rows() if row[0][0].startswith(pk_prefix)), key=lambda row: row[0])
        return [{name: _plain(value) for name, value in item.items()} for _, item in rows]

    def find(self, key: Key) -> Item | None:
        """One item in the form it travels in, `{"pk": {"S": …}, …}`."""
        return self.cloud.find(key)

    def send(self, queue: str, body: str) -> None:
        """Put a message into a standard queue, by its full name."""
        self.cloud.send_message(queue, body)

    def dead_letters(self) -> list[DeadLetter]:
        """What every queue gave up on."""
        return [
            DeadLetter(name, body)
            for name in self.cloud.queue_names()
            if _DEAD_LETTERS.search(name)
            for body in self.cloud.message_bodies(name)
        ]

    def waiting(self, queue: str) -> list[str]:
        """The bodies that stand in a queue, named as its consumer (`reserve-stock`), in order."""
        name = f"qudao-{STAGE}-{queue}"
        return self.cloud.message_bodies(name if name in self.cloud.queue_names() else f"{name}.fifo")

    def stream_records(self) -> list[dict[str, Any]]:
        """All that was ever written, as the table's stream tells it."""
        return self.cloud.stream_records(self._stream_begins, self.cloud.stream_length())

    @property
    def table(self) -> Any:
        """Moto's table."""
        assert isinstance(self.cloud, MotoCloud)
        return self.cloud.table

    # ---- how it works ----

    @property
    def cloud_setup(self) -> CloudSetup:
        """What the apps declare, as the generated templates would build it."""
        specs = [spec for app in self.apps.values() for spec in app.consumers]
        return CloudSetup(
            table=f"qudao-{STAGE}",
            bus=f"qudao-{STAGE}",
            secrets={f"qudao/{STAGE}/sealing-key": SEALING_KEY},
            queues=[QueueSetup(queue_name(spec), spec.fifo, sorted(spec.subscribes)) for spec in specs],
            max_receives=MAX_RECEIVES,
        )

    def _consumers(self) -> list[tuple[str, ConsumerSpec]]:
        found = [(service, spec) for service, app in self.apps.items() for spec in app.consumers]
        if self._disorder:
            self._disorder.order.shuffle(found)
        return found

    def _pump_stream(self, report: Drained) -> bool:
        """Hand the next records to the relay; after MAX_RECEIVES failures they are left to its sweeper."""
        batch = self.cloud.stream_records(self._streamed, self._streamed + _BATCH)
        if not batch:
            return False
        records = [record for record in batch if _wakes_the_relay(record)]
        for spec in self.app("relay").streams if records else ():
            name = f"relay.{spec.function}"
            try:
                self.invoke("relay", spec.function, {"Records": records})
            except Exception:
                traceback.print_exc()
                report.failed[name] += 1
                self._stream_attempts += 1
                if self._stream_attempts < MAX_RECEIVES:
                    return True
            report.delivered[name] += len(records)
        self._stream_attempts = 0
        self._streamed += len(batch)
        return True

    def _pump_queue(self, service: str, spec: ConsumerSpec, report: Drained) -> bool:
        name, function = queue_name(spec), f"{service}.{spec.function}"
        if spec.queue in self._held:
            return False
        records = self.cloud.receive_messages(name, spec.batch_size, self._disorder.order if self._disorder else None)
        if not records:
            # Only what has just gone to the dead letters moved, or what is delayed waits for its time.
            return False
        try:
            failures = self._invoke_consumer(function, records)
        except BaseException:
            # The process died: the whole batch comes back once its visibility ends.
            for record in records:
                self.cloud.return_message(name, record)
            raise
        for record in records:
            if record["messageId"] in failures:
                report.failed[function] += 1
                self.cloud.return_message(name, record)
            else:
                report.delivered[function] += 1
                self.delivered.append(Delivery(function, name, record))
                self.cloud.delete_message(name, record)
                if self._disorder and self._disorder.order.random() < self._disorder.repeats:
                    self._disorder.again.append(self.delivered[-1])
        return True

    def _repeat_some(self) -> bool:
        """Deliver some of what is to come twice; whether anything of it is left."""
        if not (self._disorder and self._disorder.again):
            return False
        later = []
        for delivery in self._disorder.again:
            if self._disorder.order.random() < 0.5:
                self.deliver_again(delivery)
            else:
                later.append(delivery)
        self._disorder.again = later
        return True

    def deliver_again(self, delivery: Delivery) -> None:
        """Hand a function once more what it has taken already, which it must bear."""
        record = delivery.record | {"receiptHandle": "again"}
        failures = self._invoke_consumer(delivery.function, [record])
        assert not failures, f"{delivery.function} refused a duplicate: {record['body']}"

    def _invoke_consumer(self, function: str, records: list[dict[str, Any]]) -> set[str]:
        """The ids of the messages the function did not take; all of them when it answers anything unexpected."""
        service, _, name = function.partition(".")
        answer = self.invoke(service, name, {"Records": records})
        return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}


# ---- opening and closing ----


@contextmanager
def opened(*, fast: bool = False) -> Iterator[World]:
    """A fresh world for one test, on moto or on our own small AWS."""
    with environment(), _publish_keys():
        world = World(fast=fast)
        with world.cloud.answer_calls():
            world.empty()
            clock.set_clock(world.clock.read)
            try:
                yield world
            finally:
                clock.set_clock(None)


@contextmanager
def environment() -> Iterator[None]:
    """The environment every function of the stage has, and nothing that leads to a real or emulated AWS."""
    with patch.dict(os.environ, ENVIRONMENT):
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        yield


@contextmanager
def _publish_keys() -> Iterator[None]:
    """The one thing replaced in the check of tokens: the issuer's keys are handed over instead of fetched."""
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key()))
    keys = {"keys": [published | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
    with patch.object(jwt.PyJWKClient, "fetch_data", lambda client: keys):
        yield


@contextmanager
def no_network() -> Iterator[None]:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        if host not in ("local", "localhost", "127.0.0.1", "::1", ""):
            raise AssertionError(f"a test connects to {host}")
        connect(self, address)

    with patch.object(socket.socket, "connect", only_loopback):
        yield


@contextmanager
def function_running(name: str) -> Iterator[None]:
    """Mark the AWS calls made inside as this function's."""
    before = running.set(name)
    try:
        yield
    finally:
        running.reset(before)


@cache
def load_apps() -> tuple[dict[str, ServiceApp], dict[str, str]]:
    """The relay's and every service's app, and the tracebacks of those that cannot be imported."""
    apps: dict[str, ServiceApp] = {}
    broken: dict[str, str] = {}
    for service in paths.services():
        try:
            apps[service] = importlib.import_module(f"{paths.module(service)}.app").app
        except Exception:
            broken[service] = traceback.format_exc()
    return apps, broken


# ---- tokens ----


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """The pretended issuer's private key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims_of(
    *, role: str = "dealer_buyer", dealer_id: str | None = None, roles: Sequence[str] | None = None, **claims: Any
) -> dict[str, Any]:
    """The claims of an ID token; a claim given as None is left out."""
    now = int(time.time()) // 60 * 60
    user = f"{role}-{dealer_id or 'house'}"
    given: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        "cognito:username": user,
        "token_use": "id",
        "iat": now,
        "exp": now + 3600,
        "cognito:groups": list(roles or [str(role)]),
        "custom:dealer_id": dealer_id,
    }
    return {name: value for name, value in (given | claims).items() if value is not None}


@lru_cache(maxsize=1_000)
def _signed(claims: str) -> str:
    """The same claims get the same token, for signing takes as long as a route's work."""
    return sign(json.loads(claims))


def sign(claims: dict[str, Any], *, key: Any = None, algorithm: str = "RS256", **headers: Any) -> str:
    """A token over these claims, by the issuer's key unless another is given."""
    return jwt.encode(claims, key or signing_key(), algorithm=algorithm, headers={"kid": KEY_ID, **headers})


# ---- events as AWS makes them ----


def route(app: ServiceApp, method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation API Gateway would choose, the most literal first, and the values of its path variables.

    Raises:
        LookupError: no route of the service matches.
    """
    sent = _parts(path)
    fitting = [
        (operation, template)
        for operation in app.operations
        if operation.method == method and len(template := _parts(operation.path)) == len(sent)
        if all(wanted == given or wanted[:1] == "{" for wanted, given in zip(template, sent, strict=True))
    ]
    if not fitting:
        raise LookupError(f"{app.service} has no {method} {path}")
    operation, template = min(fitting, key=lambda one: [part[:1] == "{" for part in one[1]])
    pairs = zip(template, sent, strict=True)
    return operation, {w[1:-1]: urllib.parse.unquote(g) for w, g in pairs if w[:1] == "{"}


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _proxy_event(
    resource: str,
    method: str,
    path: str,
    path_values: dict[str, str],
    headers: dict[str, str],
    query: list[tuple[str, str]],
    body: str | bytes | None,
) -> dict[str, Any]:
    many: dict[str, list[str]] = {}
    for name, value in query:
        many.setdefault(name, []).append(value)
    encoded = isinstance(body, bytes)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in many.items()} or None,
        "multiValueQueryStringParameters": many or None,
        "pathParameters": path_values or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{path}",
            "stage": "api",
            "accountId": ACCOUNT,
            "apiId": "testapi",
            "requestId": "00000000-0000-4000-8000-000000000001",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "tests"},
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": encoded,
    }


def queue_name(spec: ConsumerSpec, suffix: str = "") -> str:
    """The queue of a consumer, or with "-dlq" that of its dead letters."""
    return f"qudao-{STAGE}-{spec.queue}{suffix}{'.fifo' if spec.fifo else ''}"


def _scheduled_event(moment: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000002",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/scheduled"],
        "detail": {},
    }


_plain: Callable[[Any], Any] = TypeDeserializer().deserialize


#: A FIFO queue's name ends otherwise.
_DEAD_LETTERS = re.compile(r"-dlq(\.fifo)?$")


def _as_text(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


_canonical: Callable[[Any], str] = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_as_text).encode
