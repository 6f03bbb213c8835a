"""Faults, disorder and restored states have the same effect on moto and on the fast cloud."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from kernel.base.settings import settings
from kernel.messaging.outbox import EventItem
from kernel.store import aws
from kernel.store.items import Item
from kernel.store.read import fetch, fetch_one
from tests.kernel.test_faults import POT, PotItem
from tests.orders.client import OrdersClient
from tests.support import faults
from tests.support import world as worlds
from tests.support.faults import Kind, Run, watched
from tests.support.fixtures import counters, open_shop, order_of
from tests.support.world import World


@pytest.fixture(params=["moto", "fast"])
def any_world(request: pytest.FixtureRequest) -> Iterator[World]:
    with worlds.opened(fast=request.param == "fast") as world:
        yield world


def stored_pieces() -> int:
    found = fetch_one(PotItem, POT)
    return int(found.pieces) if found else 0


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        (Kind.CRASH_BEFORE, 0),
        (Kind.CRASH_AFTER, 1),
        (Kind.REFUSED, 0),
        (Kind.THROTTLED, 0),
        (Kind.ANSWER_LOST, 2),
        (Kind.FAILED_AFTERWARDS, 1),
    ],
)
def test_fault_decides_how_often_a_write_happens(any_world: World, kind: Kind, done: int) -> None:
    with watched(Run(kind=kind, at=0)) as run:
        try:
            PotItem(*POT).update(actions=[PotItem.pieces.add(1)])
        except Exception as error:
            assert kind in (Kind.REFUSED, Kind.THROTTLED, Kind.FAILED_AFTERWARDS), error
    assert run.fired
    assert stored_pieces() == done


def test_partial_batch_is_completed_by_a_second_call(any_world: World) -> None:
    with watched(Run(kind=Kind.PARTIAL, at=0)) as run, Item.batch_write() as batch:
        for number in range(5):
            batch.save(PotItem("POT", f"{number}", pieces=number))
    assert [call.operation for call in run.calls] == ["BatchWriteItem", "BatchWriteItem"]
    with watched(Run(kind=Kind.PARTIAL, at=0)) as run:
        found = fetch([("POT", f"{number}") for number in range(5)])
    assert [call.operation for call in run.calls] == ["BatchGetItem", "BatchGetItem"]
    assert len(found) == 5


def test_partial_send_names_the_failed_events_and_messages(any_world: World) -> None:
    entry = {"Source": "qudao.test", "DetailType": "x", "Detail": "{}", "EventBusName": settings().bus}
    with watched(Run(kind=Kind.PARTIAL, at=0)):
        answer = aws.eventbridge().put_events(Entries=[entry] * 3)  # type: ignore[list-item]
    assert answer["FailedEntryCount"] == 2
    assert ["EventId" in entry for entry in answer["Entries"]] == [True, False, False]
    url = aws.sqs().get_queue_url(QueueName="qudao-test-notify")["QueueUrl"]
    with watched(Run(kind=Kind.PARTIAL, at=0)):
        sent = aws.sqs().send_message_batch(
            QueueUrl=url, Entries=[{"Id": f"{number}", "MessageBody": f"{number}"} for number in range(3)]
        )
    assert [message["Id"] for message in sent["Failed"]] == ["1", "2"]
    assert any_world.waiting("notify") == ["0"]


def test_batch_of_one_key_cannot_be_partial(any_world: World) -> None:
    assert [call.admits(Kind.PARTIAL) for call in faults.calls_of(lambda: fetch([POT]))] == [False]


def test_lost_answer_raises_timeout_when_client_has_one_attempt(any_world: World) -> None:
    single_attempt = aws.client("events", one_attempt=True)
    entry = {"Source": "qudao.test", "DetailType": "x", "Detail": "{}", "EventBusName": settings().bus}
    with watched(Run(kind=Kind.ANSWER_LOST, at=0)) as run, pytest.raises(ReadTimeoutError):
        single_attempt.put_events(Entries=[entry])
    assert run.fired


def test_throttling_raises_client_error_with_its_code(any_world: World) -> None:
    with watched(Run(kind=Kind.THROTTLED, at=0)), pytest.raises(ClientError) as raised:
        aws.sqs().get_queue_url(QueueName="qudao-test-notify")
    assert raised.value.response["Error"]["Code"] == "ThrottlingException"


def test_restore_returns_waiting_and_delivered_messages(any_world: World) -> None:
    orders = OrdersClient(any_world)
    open_shop()
    orders.accepted(order_of((1, 10)))
    orders.submit(order_of((1, 5)))
    any_world.relay_once()
    saved, before = any_world.save(), any_world.snapshot()
    waiting = any_world.waiting("reserve-stock")
    assert len(waiting) == 1
    for _ in range(2):
        any_world.drain()
        assert counters(1) == (85, 15)
        any_world.restore(saved, with_past=True)
        assert (any_world.snapshot(), any_world.waiting("reserve-stock")) == (before, waiting)
    any_world.redeliver_everything()
    assert counters(1) == (85, 15)


@pytest.mark.parametrize("seed", range(3))
def test_result_is_the_same_in_disorder_and_with_repeats(any_world: World, seed: int) -> None:
    open_shop()
    orders = OrdersClient(any_world)
    with any_world.disorder(Random(seed), repeats=0.5):
        for number in range(1, 4):
            orders.submit(order_of((number, 10)))
        any_world.drain()
        orders.act("D0001-000001", "cancel", {"reason": "不要了"})
        any_world.drain()
    assert [counters(number) for number in range(1, 4)] == [(100, 0), (90, 10), (90, 10)]
    assert any_world.dead_letters() == []


def test_stream_contains_the_published_event(any_world: World) -> None:
    open_shop()
    OrdersClient(any_world).submit(order_of((1, 1)))
    published = [
        record["dynamodb"]["NewImage"]
        for record in any_world.stream_records()
        if record["dynamodb"].get("NewImage", {}).get("kind") == {"S": "event"}
    ]
    assert [EventItem.from_raw_data(image).envelope.type for image in published] == ["order.submitted.v1"]
