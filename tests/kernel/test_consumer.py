"""The consumer loop: each message separately, only failed ones return, none begins without time to finish."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.tickets import TicketProgressed
from kernel.http.app import ServiceApp
from kernel.messaging import retries
from kernel.messaging.consumer import each_message, read_message
from kernel.messaging.events import Envelope, Event, UnknownEvent, envelope
from kernel.store.aws import ONE_ATTEMPT_SECONDS, client
from services.notifications.webhooks.signed_post import DEADLINE_SECONDS
from tests.support.functions import LambdaContext, queue_record
from tests.support.world import World

SAID = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="灯")


def message(number: int) -> Envelope:
    return envelope(SAID, subject=f"T{number}", sequence=1, dealer_id="D0001")


def record(number: int, body: str | None = None) -> dict[str, Any]:
    return queue_record(f"m-{number}", message(number).model_dump_json() if body is None else body, "qudao-test-any")


@pytest.fixture(autouse=True)
def returned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the messages that were returned at once. Without a world, no queue is there to be called."""
    ids: list[str] = []
    if "world" not in request.fixturenames:
        monkeypatch.setattr(retries, "retry_later", lambda record, error: False)
        monkeypatch.setattr(retries, "return_at_once", lambda record: ids.append(record["messageId"]))
    return ids


def failed(batch: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in batch["batchItemFailures"]]


def work_off(records: list[dict[str, Any]], handle: Callable[[Envelope], None], *, context: Any = None) -> list[str]:
    return failed(each_message({"Records": records}, context or LambdaContext("f"), handle))


@pytest.mark.parametrize("bad", [bad for size in range(5) for bad in itertools.combinations(range(4), size)])
def test_batch_returns_exactly_the_failed_messages(bad: tuple[int, ...]) -> None:
    done: list[str] = []

    def handle(envelope: Envelope) -> None:
        if int(envelope.subject[1:]) in bad:
            raise RuntimeError("no")
        done.append(envelope.subject)

    assert work_off([record(number) for number in range(4)], handle) == [f"m-{number}" for number in bad]
    assert done == [f"T{number}" for number in range(4) if number not in bad]


def test_message_is_not_begun_without_time_to_finish(returned: list[str]) -> None:
    context = LambdaContext("f", remaining_ms=10_000)
    seen: list[str] = []

    def handle(envelope: Envelope) -> None:
        seen.append(envelope.subject)
        context.remaining_ms -= 4_000

    assert work_off([record(number) for number in range(4)], handle, context=context) == ["m-2", "m-3"]
    assert seen == ["T0", "T1"]
    assert returned == ["m-2", "m-3"]


@pytest.mark.parametrize(("message_seconds", "begun"), [(3, 4), (15, 3), (31, 2)])
def test_slow_batch_begins_only_what_it_can_finish(message_seconds: float, begun: int) -> None:
    context = LambdaContext("f", remaining_ms=50_000)
    seen: list[str] = []

    def slow(envelope: Envelope) -> None:
        seen.append(envelope.subject)
        context.remaining_ms -= 15_000

    records = [record(number) for number in range(4)]
    back = failed(each_message({"Records": records}, context, slow, message_seconds))
    assert len(seen) == begun
    assert back == [f"m-{number}" for number in range(begun, 4)]


def test_consumer_with_too_short_timeout_does_not_start() -> None:
    app = ServiceApp("slow")
    with pytest.raises(TypeError, match="fits"):
        app.consumer(subscribes=[TicketProgressed], timeout_seconds=10, message_seconds=10)


def test_consumers_that_wait_for_others_have_enough_time(world: World) -> None:
    declared = {spec.function: spec for spec in world.app("notifications").consumers}
    webhooks, texts = declared["dispatch_webhooks"], declared["send_sms"]
    assert webhooks.message_seconds > DEADLINE_SECONDS
    assert texts.message_seconds > ONE_ATTEMPT_SECONDS
    for spec in (webhooks, texts):
        assert spec.batch_size * spec.message_seconds <= spec.timeout_seconds, "the last of a batch is never begun"
    config = client("pinpoint-sms-voice-v2", one_attempt=True).meta.config
    assert config.connect_timeout + config.read_timeout == ONE_ATTEMPT_SECONDS


def test_dying_process_reports_nothing_so_that_all_messages_return() -> None:
    def handle(_: Envelope) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        work_off([record(0)], handle)


POISON = [
    "",
    "null",
    "[]",
    "5",
    '"text"',
    "{}",
    "{broken",
    "NaN",
    '{"detail":1,"detail-type":"x"}',
    '{"detail":null,"detail-type":"x"}',
    '{"detail-type":"x"}',
    "[" * 100_000,
    '{"id":1,"id":2}',
    json.dumps(json.loads(message(1).model_dump_json()) | {"specversion": "2.0"}),
    json.dumps(json.loads(message(1).model_dump_json()) | {"sequence": "one"}),
    json.dumps(json.loads(message(1).model_dump_json()) | {"data": []}),
    json.dumps({name: value for name, value in json.loads(message(1).model_dump_json()).items() if name != "id"}),
    '{"a":"\\ud800"}',
]


@pytest.mark.parametrize("body", POISON, ids=[body[:40] for body in POISON])
def test_poisoned_message_fails_alone(body: str) -> None:
    done: list[str] = []
    back = work_off([record(0), record(1, body), record(2)], lambda envelope: done.append(envelope.subject))
    assert back == ["m-1"]
    assert done == ["T0", "T2"]


def test_message_reads_the_same_from_bus_and_relay() -> None:
    bare = message(1)
    wrapped = json.dumps(
        {
            "version": "0",
            "id": "6a7e8feb",
            "detail-type": bare.type,
            "source": bare.source,
            "time": "2026-11-23T02:00:00Z",
            "detail": json.loads(bare.model_dump_json()),
        }
    )
    assert read_message(wrapped) == read_message(bare.model_dump_json()) == bare


def test_message_with_fields_of_a_later_version_is_read() -> None:
    body = json.loads(message(1).model_dump_json())
    body["traceparent"] = "00-abc"
    body["data"]["colour"] = "red"
    assert read_message(json.dumps(body)).event == SAID


def test_unknown_event_type_is_named_in_the_error() -> None:
    body = json.loads(message(1).model_dump_json()) | {"type": "order.vanished.v9"}
    with pytest.raises(UnknownEvent, match=r"order\.vanished\.v9"):
        _ = read_message(json.dumps(body)).event


def test_event_types_are_unique() -> None:
    with pytest.raises(TypeError, match="already"):

        class Other(Event):
            TYPE = TicketProgressed.TYPE
            SOURCE = "tickets"


# ---- declared on an app ----


@dataclass
class Ear:
    """A service that fails a given number of times."""

    fail: int = 0
    heard: list[str] = field(default_factory=list)

    def app(self) -> ServiceApp:
        app = ServiceApp("ear")

        @app.consumer(subscribes=[TicketProgressed], batch_size=5, timeout_seconds=20)
        def hear(message: Envelope) -> None:
            if self.fail:
                self.fail -= 1
                raise RuntimeError("not yet")
            self.heard.append(message.id)

        return app


def announce(subject: str) -> str:
    from kernel.messaging.outbox import outbox_event

    item = outbox_event(SAID, pk="TICKETS#D0001", subject=subject, sequence=1)
    item.save()
    return item.envelope.id


def test_consumer_declaration_holds_everything_about_the_queue(world: World) -> None:
    (spec,) = Ear().app().consumers
    assert (spec.function, spec.queue, spec.fifo, spec.subscribes) == ("hear", "hear", False, ("ticket.progressed.v1",))
    assert (spec.batch_size, spec.timeout_seconds) == (5, 20)


def test_message_is_consumed_after_a_few_failures(world: World) -> None:
    ear = Ear(fail=3)
    world.inhabit(ear.app())
    told = announce("T1")
    report = world.drain()
    assert (ear.heard, report.failed["ear.hear"]) == ([told], 3)
    assert world.dead_letters() == []


def test_failing_message_becomes_a_dead_letter_and_the_next_is_consumed(world: World) -> None:
    ear = Ear(fail=10**9)
    world.inhabit(ear.app())
    announce("T1")
    report = world.drain(may_fail=True)
    assert len(report.dead) == len(world.dead_letters()) == 1
    assert report.failed["ear.hear"] == 5
    ear.fail = 0
    told = announce("T2")
    world.drain()
    assert ear.heard == [told]


def test_world_reports_dead_letters(world: World) -> None:
    world.inhabit(Ear(fail=10**9).app())
    announce("T1")
    with pytest.raises(AssertionError, match="given up on"):
        world.drain()


@pytest.mark.parametrize("detail", [{"data": "13800138000"}, {"data": {}, "sequence": "13800138000"}])
def test_error_of_an_unreadable_message_does_not_quote_it(detail: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        read_message(json.dumps(detail))
    assert "13800138000" not in str(refused.value)


def test_error_of_an_unreadable_event_does_not_quote_it() -> None:
    with pytest.raises(ValidationError) as refused:
        TicketProgressed.model_validate({"ticket_id": ["13800138000"]})
    assert "13800138000" not in str(refused.value)
