"""The whole system in one process: AWS in memory, the real app of every service, messages carried by the test.

    def test_order_is_accepted(world: World) -> None:
        buyer = world.token(role="dealer_buyer", dealer_id="D0001")
        answer = world.call("orders", "POST", "/orders", body={...}, token=buyer, key="k-1")
        assert answer.status == 202, answer.json
        world.drain()                              # stream -> relay -> bus -> queues -> functions, until all are empty
        before = world.snapshot()
        world.redeliver_everything()               # every message and every stream record once more
        assert world.snapshot() == before

- `world.call(service, method, path, body=|raw_body=, token=, key=, query=, headers=)` acts as API Gateway: the most
  literal route is chosen, the app gets a REST proxy event. A path no route matches is a LookupError, not an answer.
- `world.token(role=, dealer_id=, **claims)` signs an ID token; a claim given as None is left out, `roles=[...]` gives
  several. Only the request for the issuer's keys is replaced; signatures are really checked.
- `world.drain()` fails when a message ends in a dead-letter queue, unless `may_fail=True`; it returns the deliveries.
  `world.dead_letters()` lists the messages that failed all attempts.
- `world.relay_once()`, `world.consume_once(service, function)` and `with world.held_back(queue)` go step by step.
- `world.periodic(service, function)` runs a scheduled function once.
- `world.inhabit(app, ...)` leaves only the relay and these services, which may be defined by a test.
- `world.clock.advance(minutes=5)`, `world.clock.set(moment)`. The clock starts on Monday 23 November 2026 at 10:00 in
  Shanghai and advances one millisecond at each reading. Tokens and moto use real time.
- `world.empty()` starts again; `world.save()` and `world.restore(saved)` return to a state that was expensive to make.
  tests/support/faults.py breaks the system at every AWS call, tests/support/calls.py lists the rights the calls need.
- `with world.disorder(Random(7), repeats=0.2)`: queues deliver in any order SQS allows, some messages twice.
- The fixture `world` uses moto, `fast_world` our small AWS (tests/fast_aws), which does the same in a twentieth of the
  time; its queues use the time of the world. `opened(fast=True)` opens such a world without a fixture.
- `world.snapshot()`: every item as text by its key, to compare byte for byte; `world.items("ORDERS#")`: as values.

Queues, dead-letter queues and rules follow from the declarations of the apps, the table from infra/core.yaml. A service
that cannot be imported is left out, and fails the test that uses it. No test connects to another machine.
"""

from __future__ import annotations

import base64
import json
import re
import traceback
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from boto3.dynamodb.types import TypeDeserializer

from kernel.http.app import ServiceApp
from kernel.http.declarations import ConsumerSpec
from kernel.time import clock
from reads.warehouses import forget_warehouses
from tests.fast_aws.cloud import Cloud, CloudSetup, QueueSetup
from tests.fast_aws.fast_cloud import FastCloud
from tests.fast_aws.items import Item, Key
from tests.fast_aws.moto_cloud import MotoCloud
from tests.support.clock import MONDAY_MORNING, Clock
from tests.support.declared_refusals import require_declared
from tests.support.functions import (
    SEALING_KEY,
    STAGE,
    LambdaContext,
    environment,
    function_running,
    load_apps,
    queue_name,
    queue_names,
    scheduled_event,
)
from tests.support.gateway import Response, proxy_event, route
from tests.support.tokens import cached_token, claims_of, published_keys
from tests.support.warehouses import store_warehouses
from tools.template_queues import MAX_RECEIVES

#: Stream records the relay gets at once.
_BATCH = 100
_MAX_ROUNDS = 400
#: The name of a FIFO queue ends with `.fifo`.
#: Id of the request in a problem document.
_REQUEST_ID = re.compile(r'"request_id":"[0-9a-f-]{36}",?')
_DEAD_LETTERS = re.compile(r"-dlq(\.fifo)?$")


class Delivery(NamedTuple):
    """A message delivered to a function."""

    function: str
    queue: str
    record: dict[str, Any]


class DeadLetter(NamedTuple):
    """A message that failed all its attempts."""

    queue: str
    body: str


@dataclass
class Drained:
    """Result of a drain: delivered and failed messages by function, and new dead letters."""

    delivered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dead: list[DeadLetter] = field(default_factory=list)


class Saved(NamedTuple):
    """State of a world: table, queues, time and past deliveries."""

    cloud: Any
    moment: datetime
    delivered: list[Delivery]
    streamed: int


@dataclass
class _Disorder:
    """Delivery in any order; a share of the messages comes twice."""

    order: Random
    repeats: float
    again: list[Delivery] = field(default_factory=list)


def _wakes_the_relay(record: dict[str, Any]) -> bool:
    """Apply the stream filter of the deployed function (tools/template.py)."""
    return str(record["dynamodb"].get("NewImage", {}).get("gsi1pk", {}).get("S", "")).startswith("UNSENT#")


class World:
    """Table, bus, queues and time of one test, and every service that can be imported."""

    def __init__(self, *, fast: bool = False) -> None:
        apps, self._broken = load_apps()
        self.apps = dict(apps)
        self.clock = Clock()
        self._paused: set[str] = set()
        self._disorder: _Disorder | None = None
        self.cloud: Cloud = (
            FastCloud(self.cloud_setup, lambda: self.clock.moment) if fast else MotoCloud(self.cloud_setup)
        )

    def empty(self) -> None:
        """Start again: a table with nothing but warehouses, empty queues, Monday morning."""
        self.cloud.reset(self.cloud_setup)
        self.clock.moment = MONDAY_MORNING
        self.delivered: list[Delivery] = []
        if "orders" in self.apps:
            with function_running("orders.stock_api"):  # the one that publishes them
                store_warehouses()
        self._streamed = self._stream_begins = self.cloud.stream_length()
        self._stream_attempts = 0

    def inhabit(self, *apps: ServiceApp) -> None:
        """Start again with the relay and only these services, which may be defined by a test."""
        self.apps = {"relay": self.app("relay"), **{app.service: app for app in apps}}
        self.empty()

    def save(self) -> Saved:
        """Return the state, which can be restored any number of times."""
        return Saved(self.cloud.save(), self.clock.moment, list(self.delivered), self._streamed)

    def restore(self, saved: Saved, *, with_past: bool = False) -> None:
        """Restore a state, saved in this world or in another of the same cloud.

        `redeliver_everything` does not deliver the messages of the time before, unless `with_past`.
        """
        self.cloud.restore(saved.cloud)
        forget_warehouses()
        self.clock.moment = saved.moment
        self.delivered = list(saved.delivered) if with_past else []
        self._streamed = saved.streamed
        self._stream_begins = 0 if with_past else saved.streamed
        self._stream_attempts = 0

    # ---- requests ----

    def app(self, service: str) -> ServiceApp:
        """Return the app of a service; fail the test if it cannot be imported."""
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
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    ) -> Response:
        """Send a request through the pretended API Gateway; `path` may contain a query string.

        Args:
            headers: beside those of every request; pairs may name a header twice.
        """
        app = self.app(service)
        path, _, in_path = path.partition("?")
        operation, path_values = route(app, method, path)
        more = list(headers.items() if isinstance(headers, Mapping) else headers or ())
        sent = [("Host", "api.test"), *more]
        if not any(name.lower() == "content-type" for name, _ in more):
            sent.append(("Content-Type", "application/json"))
        if token is not None:
            sent.append(("Authorization", f"Bearer {token}"))
        if key is not None:
            sent.append(("Idempotency-Key", key))
        if raw_body is None and body is not None:
            raw_body = json.dumps(body, ensure_ascii=False)
        asked = urllib.parse.parse_qsl(in_path, keep_blank_values=True)
        asked += [(name, str(value)) for name, value in (query or {}).items() if value is not None]
        event = proxy_event(operation.path, method, path, path_values, sent, asked, raw_body)
        with function_running(f"{service}.{operation.function}"):
            answer = app(event, LambdaContext(operation.function))
        text = answer["body"]
        is_json = "json" in answer["headers"].get("Content-Type", "")
        read = json.loads(text) if is_json else None
        named = read.pop("request_id", None) if answer["statusCode"] >= 400 and isinstance(read, dict) else None
        headers = dict(answer["headers"])
        ids = headers.pop("X-Request-Id"), named
        response = Response(answer["statusCode"], read, headers, _REQUEST_ID.sub("", text), ids)
        require_declared(app, operation, response)
        return response

    def token(
        self,
        *,
        role: str = "dealer_buyer",
        dealer_id: str | None = None,
        roles: Sequence[str] | None = None,
        **claims: Any,
    ) -> str:
        """Return the ID token of a user with this role."""
        return cached_token(json.dumps(claims_of(role=role, dealer_id=dealer_id, roles=roles, **claims)))

    # ---- messages and schedules ----

    def drain(self, *, may_fail: bool = False) -> Drained:
        """Carry new stream records to the relay and messages to their functions until all queues are empty."""
        report = Drained()
        dead_before = Counter(self.dead_letters())
        for _ in range(_MAX_ROUNDS):
            moved = self._pump_stream(report)
            for service, spec in self._consumers():
                for queue in queue_names(spec):
                    moved |= self._pump_queue(service, spec, queue, report)
            moved |= self._repeat_some()
            if not moved:
                break
        else:
            raise AssertionError(f"queues are not empty after {_MAX_ROUNDS} rounds: {report}")
        report.dead = list((Counter(self.dead_letters()) - dead_before).elements())
        assert may_fail or not report.dead, f"given up on: {report.dead}"
        return report

    def relay_once(self) -> None:
        """Hand new stream records to the relay; consumers get nothing."""
        while self._pump_stream(Drained()):
            pass

    def consume_once(self, service: str, function: str) -> None:
        """Deliver one batch of its queue to one function."""
        spec = next(spec for spec in self.app(service).consumers if spec.function == function)
        self._pump_queue(service, spec, queue_name(spec), Drained())

    @contextmanager
    def held_back(self, queue: str) -> Iterator[None]:
        """Deliver nothing from this queue, named like its consumer (`reserve-stock`), inside the block."""
        self._paused.add(queue)
        try:
            yield
        finally:
            self._paused.remove(queue)

    @contextmanager
    def disorder(self, order: Random, *, repeats: float = 0.0) -> Iterator[None]:
        """Deliver in any order SQS allows, and the given share of the messages twice."""
        self._disorder = _Disorder(order, repeats)
        try:
            yield
        finally:
            self._disorder = None

    def redeliver_everything(self) -> Drained:
        """Deliver every delivered message once more, one by one, and every stream record to the relay."""
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
        """Run a scheduled function once. Its exceptions leave this method."""
        self.invoke(service, function, scheduled_event(self.clock.moment))

    def invoke(self, service: str, function: str, event: Any, *, context: Any = None) -> Any:
        """Run a function as Lambda does, and return its result."""
        with function_running(f"{service}.{function}"):
            return self.app(service).handler_map[function](event, context or LambdaContext(function))

    # ---- state ----

    def snapshot(self) -> dict[str, str]:
        """Return every item of the table as canonical text, by "pk sk"."""
        return {f"{pk} {sk}": canonical(item) for (pk, sk), item in self.cloud.rows()}

    def items(self, pk_prefix: str = "") -> list[dict[str, Any]]:
        """Return the items whose partition key has this prefix, as Python values, in key order."""
        rows = sorted((row for row in self.cloud.rows() if row[0][0].startswith(pk_prefix)), key=lambda row: row[0])
        return [{name: _plain(value) for name, value in item.items()} for _, item in rows]

    def find(self, key: Key) -> Item | None:
        """Return one item in DynamoDB's typed form, `{"pk": {"S": …}, …}`."""
        return self.cloud.find(key)

    def send(self, queue: str, body: str) -> None:
        """Put a message into a standard queue, given by its full name."""
        self.cloud.send_message(queue, body)

    def dead_letters(self) -> list[DeadLetter]:
        """Return the messages in dead-letter queues."""
        return [
            DeadLetter(name, body)
            for name in self.cloud.queue_names()
            if _DEAD_LETTERS.search(name)
            for body in self.cloud.message_bodies(name)
        ]

    def waiting(self, queue: str) -> list[str]:
        """Return the bodies in a queue, named like its consumer (`reserve-stock`), in order."""
        name = f"qudao-{STAGE}-{queue}"
        return self.cloud.message_bodies(name if name in self.cloud.queue_names() else f"{name}.fifo")

    def stream_records(self) -> list[dict[str, Any]]:
        """Return all records of the table's stream."""
        return self.cloud.stream_records(self._stream_begins, self.cloud.stream_length())

    @property
    def table(self) -> Any:
        """Return moto's table; only a world on moto has one."""
        assert isinstance(self.cloud, MotoCloud)
        return self.cloud.table

    # ---- implementation ----

    @property
    def cloud_setup(self) -> CloudSetup:
        """Return table, bus, secrets and queues as the generated templates build them."""
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
        """Hand the next records to the relay; after MAX_RECEIVES failures its sweeper finds them."""
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

    def _pump_queue(self, service: str, spec: ConsumerSpec, name: str, report: Drained) -> bool:
        function = f"{service}.{spec.function}"
        if spec.queue in self._paused:
            return False
        records = self.cloud.receive_messages(name, spec.batch_size, self._disorder.order if self._disorder else None)
        if not records:
            # Messages went to the dead letters, or are delayed.
            return False
        sent_on = self.sent_on(spec)
        try:
            failures = self._invoke_consumer(function, records)
        except BaseException:
            # The process ended: the whole batch is visible again later.
            for record in records:
                self.cloud.return_message(name, record)
            raise
        sent_on = self.sent_on(spec) - sent_on
        for record in records:
            if record["messageId"] in failures:
                report.failed[function] += 1
                self.cloud.return_message(name, record)
            elif sent_on[record["body"]]:
                sent_on[record["body"]] -= 1
                report.failed[function] += 1
                self.cloud.delete_message(name, record)
            else:
                report.delivered[function] += 1
                self.delivered.append(Delivery(function, name, record))
                self.cloud.delete_message(name, record)
                if self._disorder and self._disorder.order.random() < self._disorder.repeats:
                    self._disorder.again.append(self.delivered[-1])
        return True

    def _repeat_some(self) -> bool:
        """Repeat some deliveries; return True if there were any."""
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
        """Deliver a message a second time; the function must accept it."""
        service, _, name = delivery.function.partition(".")
        spec = next(spec for spec in self.app(service).consumers if spec.function == name)
        record, sent_on = delivery.record | {"receiptHandle": "again"}, self.sent_on(spec)
        failures = self._invoke_consumer(delivery.function, [record])
        assert not failures and self.sent_on(spec) == sent_on, f"{name} refused a duplicate: {record['body']}"

    def sent_on(self, spec: ConsumerSpec) -> Counter[str]:
        """Return the bodies of the messages that a consumer sent to its retry queue or its dead letters."""
        retry = queue_names(spec)[1:]
        return Counter(body for name in (*retry, queue_name(spec, "-dlq")) for body in self.cloud.message_bodies(name))

    def _invoke_consumer(self, function: str, records: list[dict[str, Any]]) -> set[str]:
        """Return the ids of the messages the function refused."""
        service, _, name = function.partition(".")
        answer = self.invoke(service, name, {"Records": records})
        return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}


@contextmanager
def opened(*, fast: bool = False) -> Iterator[World]:
    """Open a fresh world, on moto or on our small AWS."""
    with environment(), published_keys():
        world = World(fast=fast)
        with world.cloud.answer_calls():
            world.empty()
            clock.set_clock(world.clock.read)
            try:
                yield world
            finally:
                clock.set_clock(None)


_plain: Callable[[Any], Any] = TypeDeserializer().deserialize


def _as_text(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


#: Text of an item, the same for equal items.
canonical: Callable[[Any], str] = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_as_text).encode
