"""The fast SQS: order within groups, deduplication, delays, dead letters."""

from __future__ import annotations

from random import Random

import pytest

from kernel.messaging import retries
from tests.fast_aws import cloud
from tests.fast_aws.items import ServiceError
from tests.fast_aws.sqs import SQS
from tests.fast_aws.test_dynamodb import Time, time
from tests.support.clock import MONDAY_MORNING

__all__ = ["time"]


@pytest.fixture
def sqs(time: Time) -> SQS:
    sqs = SQS("1", "r", time)
    sqs.create_queue("standard", fifo=False, max_receives=3)
    sqs.create_queue("ordered.fifo", fifo=True, max_receives=3)
    return sqs


def receive(sqs: SQS, name: str, max_messages: int = 10, order: Random | None = None) -> list[str]:
    return [message.body for message in sqs.receive(name, max_messages, order)]


def test_fifo_group_delivers_nothing_while_a_message_is_in_flight(sqs: SQS) -> None:
    for body, group in (("a1", "a"), ("b1", "b"), ("a2", "a")):
        sqs.send("ordered.fifo", body, group=group, deduplication_id=body)
    (first,) = sqs.receive("ordered.fifo", 1)
    assert first.body == "a1"
    assert receive(sqs, "ordered.fifo") == ["b1"]
    sqs.make_visible("ordered.fifo", first.id)
    assert receive(sqs, "ordered.fifo") == ["a1", "a2"]


@pytest.mark.parametrize("seed", range(20))
def test_fifo_group_keeps_its_order_when_queue_is_shuffled(sqs: SQS, seed: int) -> None:
    for number in range(8):
        sqs.send("ordered.fifo", f"{number}", group="ab"[number % 2], deduplication_id=f"{number}")
        sqs.send("standard", f"{number}")
    received = receive(sqs, "ordered.fifo", order=Random(seed))
    assert [body for body in received if int(body) % 2] == ["1", "3", "5", "7"]
    assert sorted(receive(sqs, "standard", order=Random(seed))) == sorted(received)


def test_deduplication_ends_after_five_minutes(sqs: SQS, time: Time) -> None:
    for minutes, expected in ((0, ["x"]), (4, []), (2, ["x"])):
        time.now = time.now.replace(minute=time.now.minute + minutes)
        sqs.send("ordered.fifo", "x", group="a", deduplication_id="x")
        received = sqs.receive("ordered.fifo", 10)
        assert [message.body for message in received] == expected
        for message in received:
            sqs.delete("ordered.fifo", message.id)


def test_delayed_message_is_not_visible_before_its_time(sqs: SQS, time: Time) -> None:
    sqs.send("standard", "later", delay=60)
    assert receive(sqs, "standard") == []
    time.now = MONDAY_MORNING.replace(minute=1)
    assert receive(sqs, "standard") == ["later"]


def test_message_becomes_dead_letter_after_max_receives(sqs: SQS) -> None:
    sqs.send("standard", "poison")
    for _ in range(3):
        (message,) = sqs.receive("standard", 10)
        sqs.make_visible("standard", message.id)
    assert receive(sqs, "standard") == []
    assert [message.body for message in sqs.queues["standard-dlq"].messages] == ["poison"]


def test_restore_returns_waiting_messages(sqs: SQS) -> None:
    sqs.send("standard", "a")
    saved = sqs.save()
    (message,) = sqs.receive("standard", 10)
    sqs.delete("standard", message.id)
    for _ in range(2):
        sqs.restore(saved)
        (again,) = sqs.receive("standard", 10)
        assert (again.body, again.receive_count) == ("a", 1)


def test_send_refuses_too_many_too_large_or_ungrouped_messages(sqs: SQS) -> None:
    entries = [{"Id": f"{number}", "MessageBody": "x"} for number in range(11)]
    with pytest.raises(ServiceError):
        sqs.answer("SendMessageBatch", {"QueueUrl": "/standard", "Entries": entries})
    with pytest.raises(ServiceError):
        sqs.answer("SendMessage", {"QueueUrl": "/standard", "MessageBody": "x" * 262_145})
    with pytest.raises(ServiceError):
        sqs.answer("SendMessage", {"QueueUrl": "/ordered.fifo", "MessageBody": "x"})
    assert receive(sqs, "standard") == []


def test_retry_queues_have_the_suffix_of_the_kernel() -> None:
    assert cloud.RETRY_SUFFIX == retries.RETRY_SUFFIX
