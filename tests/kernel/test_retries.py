"""Attempts of a failed message: their moments, and the dead letter after the last."""

from __future__ import annotations

import random
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from contracts.tickets import TicketProgressed
from kernel.http.app import ServiceApp
from kernel.messaging import retries
from kernel.messaging.consumer import each_message
from kernel.messaging.events import Envelope, envelope
from kernel.messaging.outbox import Command, outbox_event
from kernel.messaging.retries import RETRY_SECONDS, retry_later
from tests.support.functions import LambdaContext, queue_record
from tests.support.world import World

SAID = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="灯")
BODY = envelope(SAID, subject="T1", sequence=1, dealer_id="D0001").model_dump_json()
ERROR = RuntimeError("no price list")


class Queues:
    """SQS that keeps what it is asked to do, or refuses it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.shown_after: list[tuple[str, int]] = []
        self.refuses = False

    def send_message(self, **message: Any) -> None:
        self._require_answer()
        self.sent.append(message)

    def change_message_visibility(self, **asked: Any) -> None:
        self._require_answer()
        self.shown_after.append((asked["QueueUrl"], asked["VisibilityTimeout"]))

    def _require_answer(self) -> None:
        if self.refuses:
            raise EndpointConnectionError(endpoint_url="sqs")


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Queues:
    found = Queues()
    monkeypatch.setattr(retries.aws, "sqs", lambda: found)
    monkeypatch.setattr(retries.aws, "queue_url", lambda queue: queue)
    return found


@pytest.mark.parametrize(("receives", "seconds"), [*enumerate(RETRY_SECONDS, 1)])
def test_failed_message_chooses_its_next_attempt(queues: Queues, receives: int, seconds: int) -> None:
    shown = []
    for seed in range(50):
        random.seed(seed)
        assert not retry_later(queue_record("m", BODY, "qudao-test-notify", receives=receives), ERROR)
        (queue, after) = queues.shown_after.pop()
        assert queue == "qudao-test-notify"
        shown.append(after)
    assert min(shown) >= round(0.8 * seconds) and max(shown) <= round(1.2 * seconds)
    assert len(set(shown)) > 1 or seconds == 2, "what failed together is tried again together"
    assert queues.sent == []


def test_message_becomes_a_dead_letter_with_its_reason_after_the_last_attempt(queues: Queues) -> None:
    record = queue_record("m", BODY, "qudao-test-notify", receives=5, attributes={"SentBack": "1"})
    assert retry_later(record, ERROR)
    (sent,) = queues.sent
    assert (sent["QueueUrl"], sent["MessageBody"]) == ("qudao-test-notify-dlq", BODY)
    assert {name: value["StringValue"] for name, value in sent["MessageAttributes"].items()} == {
        "SentBack": "1",
        "Reason": "RuntimeError: no price list",
        "Attempts": "5",
        "FirstAttemptAt": "1764122400000",
    }


def test_failed_message_of_a_group_leaves_it_for_the_retry_queue(queues: Queues) -> None:
    assert retry_later(queue_record("m", BODY, "qudao-test-reserve-stock.fifo", group="GZ"), ERROR)
    (sent,) = queues.sent
    assert (sent["QueueUrl"], sent["MessageBody"]) == ("qudao-test-reserve-stock-retry", BODY)
    assert "MessageGroupId" not in sent
    assert sent["DelaySeconds"] == 2
    assert sent["MessageAttributes"]["Group"]["StringValue"] == "GZ"


@pytest.mark.parametrize(("receives", "seconds"), [*enumerate(RETRY_SECONDS[1:], 1)])
def test_message_in_a_retry_queue_has_been_tried_once_before(queues: Queues, receives: int, seconds: int) -> None:
    record = queue_record("m", BODY, "qudao-test-reserve-stock-retry", receives=receives, attributes={"Group": "GZ"})
    assert not retry_later(record, ERROR)
    ((queue, after),) = queues.shown_after
    assert queue == "qudao-test-reserve-stock-retry"
    assert 0.8 * seconds - 1 <= after <= 1.2 * seconds + 1


def test_message_of_a_retry_queue_becomes_a_dead_letter_of_its_group(queues: Queues) -> None:
    record = queue_record("m", BODY, "qudao-test-reserve-stock-retry", receives=4, attributes={"Group": "GZ"})
    assert retry_later(record, ERROR)
    (sent,) = queues.sent
    assert sent["QueueUrl"] == "qudao-test-reserve-stock-dlq.fifo"
    assert (sent["MessageGroupId"], sent["MessageDeduplicationId"]) == ("GZ", "m")


def handled(record: dict[str, Any], handle: Any) -> list[str]:
    batch = each_message({"Records": [record]}, LambdaContext("f"), handle)
    return [failure["itemIdentifier"] for failure in batch["batchItemFailures"]]


def fail(_: Envelope) -> None:
    raise ERROR


@pytest.mark.parametrize("queue", ["qudao-test-reserve-stock.fifo", "qudao-test-notify"])
@pytest.mark.parametrize("receives", [1, 5])
def test_message_that_could_not_be_sent_on_stays_in_its_queue(queues: Queues, queue: str, receives: int) -> None:
    queues.refuses = True
    assert handled(queue_record("m", BODY, queue, receives=receives, group="GZ"), fail) == ["m"]
    assert queues.sent == []


def test_handled_message_asks_nothing_of_sqs(queues: Queues) -> None:
    assert handled(queue_record("m", BODY, "qudao-test-notify"), lambda _: None) == []
    assert (queues.sent, queues.shown_after) == ([], [])


def test_message_whose_function_was_always_stopped_is_given_up(queues: Queues) -> None:
    begun: list[Envelope] = []
    record = queue_record("m", BODY, "qudao-test-reserve-stock-retry", receives=5, attributes={"Group": "GZ"})
    assert handled(record, begun.append) == []
    assert begun == []
    (sent,) = queues.sent
    assert sent["QueueUrl"] == "qudao-test-reserve-stock-dlq.fifo"
    assert (
        sent["MessageAttributes"]["Reason"]["StringValue"] == "TimeoutError: the function was stopped in every attempt"
    )


def test_reason_is_cut() -> None:
    assert len(retries.reason_of(ValueError("x" * 10_000))) == 500


# ---- a whole FIFO queue ----


class Warehouse:
    """A service whose commands of some subjects fail."""

    def __init__(self, *failing: str) -> None:
        self.failing, self.handled = set(failing), list[str]()

    def app(self) -> ServiceApp:
        app = ServiceApp("warehouse")

        @app.consumer(fifo=True)
        def reserve(message: Envelope) -> None:
            if message.subject in self.failing:
                raise ERROR
            self.handled.append(message.subject)

        return app


def command(subject: str) -> None:
    outbox_event(SAID, pk="TICKETS#D0001", subject=subject, sequence=1, command=Command("reserve", "GZ")).save()


def test_group_goes_on_while_one_of_its_messages_fails(world: World) -> None:
    warehouse = Warehouse("T1")
    world.inhabit(warehouse.app())
    for subject in ("T1", "T2", "T3"):
        command(subject)
    world.relay_once()
    world.consume_once("warehouse", "reserve")
    assert warehouse.handled == ["T2", "T3"]
    assert world.waiting("reserve") == []
    (waiting,) = world.waiting("reserve-retry")
    assert '"T1"' in waiting


def test_message_of_a_group_is_handled_once_it_can_be(world: World) -> None:
    warehouse = Warehouse("T1")
    world.inhabit(warehouse.app())
    command("T1")
    world.relay_once()
    world.consume_once("warehouse", "reserve")
    warehouse.failing.clear()
    world.drain()
    assert warehouse.handled == ["T1"]
    assert world.dead_letters() == []


def test_message_that_never_succeeds_becomes_a_dead_letter(world: World) -> None:
    world.inhabit(Warehouse("T1").app())
    command("T1")
    report = world.drain(may_fail=True)
    assert report.failed["warehouse.reserve"] == 5
    assert [letter.queue for letter in world.dead_letters()] == ["qudao-test-reserve-dlq.fifo"]
