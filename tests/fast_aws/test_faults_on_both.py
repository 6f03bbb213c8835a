"""Faults, disorder and going back mean the same on moto and on the fast cloud."""

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
from tests import faults
from tests import world as worlds
from tests.faults import Kind, Run, watched
from tests.kernel.test_faults import POT, PotItem
from tests.orders.client import Desk
from tests.shop import counters, open_shop, order_of
from tests.world import World


@pytest.fixture(params=["moto", "fast"])
def either(request: pytest.FixtureRequest) -> Iterator[World]:
    with worlds.opened(fast=request.param == "fast") as world:
        yield world


def pieces() -> int:
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
def test_before_means_not_done_and_after_means_done(either: World, kind: Kind, done: int) -> None:
    with watched(Run(kind=kind, at=0)) as run:
        try:
            PotItem(*POT).update(actions=[PotItem.pieces.add(1)])
        except Exception as error:
            assert kind in (Kind.REFUSED, Kind.THROTTLED, Kind.FAILED_AFTERWARDS), error
    assert run.fired
    assert pieces() == done


def test_some_of_a_batch_is_read_or_written_and_the_rest_asked_for_again(either: World) -> None:
    with watched(Run(kind=Kind.PARTIAL, at=0)) as run, Item.batch_write() as batch:
        for number in range(5):
            batch.save(PotItem("POT", f"{number}", pieces=number))
    assert [call.operation for call in run.calls] == ["BatchWriteItem", "BatchWriteItem"]
    with watched(Run(kind=Kind.PARTIAL, at=0)) as run:
        found = fetch([("POT", f"{number}") for number in range(5)])
    assert [call.operation for call in run.calls] == ["BatchGetItem", "BatchGetItem"]
    assert len(found) == 5


def test_some_events_and_messages_are_taken_and_the_rest_named(either: World) -> None:
    entry = {"Source": "qudao.test", "DetailType": "x", "Detail": "{}", "EventBusName": settings().bus}
    with watched(Run(kind=Kind.PARTIAL, at=0)):
        told = aws.events().put_events(Entries=[entry] * 3)  # type: ignore[list-item]
    assert told["FailedEntryCount"] == 2
    assert ["EventId" in one for one in told["Entries"]] == [True, False, False]
    url = aws.sqs().get_queue_url(QueueName="qudao-test-notify")["QueueUrl"]
    with watched(Run(kind=Kind.PARTIAL, at=0)):
        sent = aws.sqs().send_message_batch(
            QueueUrl=url, Entries=[{"Id": f"{number}", "MessageBody": f"{number}"} for number in range(3)]
        )
    assert [one["Id"] for one in sent["Failed"]] == ["1", "2"]
    assert either.waiting("notify") == ["0"]


def test_one_of_one_cannot_be_read_in_part(either: World) -> None:
    assert [call.admits(Kind.PARTIAL) for call in faults.calls_of(lambda: fetch([POT]))] == [False]


def test_who_sends_once_is_told_that_no_answer_came(either: World) -> None:
    once = aws.client("events", one_attempt=True)
    entry = {"Source": "qudao.test", "DetailType": "x", "Detail": "{}", "EventBusName": settings().bus}
    with watched(Run(kind=Kind.ANSWER_LOST, at=0)) as run, pytest.raises(ReadTimeoutError):
        once.put_events(Entries=[entry])
    assert run.fired


def test_a_refusal_is_the_clients_own_exception(either: World) -> None:
    with watched(Run(kind=Kind.THROTTLED, at=0)), pytest.raises(ClientError) as raised:
        aws.sqs().get_queue_url(QueueName="qudao-test-notify")
    assert raised.value.response["Error"]["Code"] == "ThrottlingException"


def test_going_back_brings_back_what_waits_and_what_was_delivered(either: World) -> None:
    desk = Desk(either)
    open_shop()
    desk.accepted(order_of((1, 10)))
    desk.submit(order_of((1, 5)))
    either.relay_once()
    saved, before = either.save(), either.snapshot()
    waiting = either.waiting("reserve-stock")
    assert len(waiting) == 1
    for _ in range(2):
        either.drain()
        assert counters(1) == (85, 15)
        either.restore(saved, with_past=True)
        assert (either.snapshot(), either.waiting("reserve-stock")) == (before, waiting)
    either.redeliver_everything()
    assert counters(1) == (85, 15)


@pytest.mark.parametrize("seed", range(3))
def test_in_disorder_and_twice_it_comes_to_the_same(either: World, seed: int) -> None:
    open_shop()
    desk = Desk(either)
    with either.disorder(Random(seed), repeats=0.5):
        for number in range(1, 4):
            desk.submit(order_of((number, 10)))
        either.drain()
        desk.act("D0001-000001", "cancel", {"reason": "不要了"})
        either.drain()
    assert [counters(number) for number in range(1, 4)] == [(100, 0), (90, 10), (90, 10)]
    assert either.dead_letters() == []


def test_the_stream_of_either_tells_what_was_announced(either: World) -> None:
    open_shop()
    Desk(either).submit(order_of((1, 1)))
    told = [
        record["dynamodb"]["NewImage"]
        for record in either.stream_records()
        if record["dynamodb"].get("NewImage", {}).get("kind") == {"S": "event"}
    ]
    assert [EventItem.from_raw_data(image).envelope.type for image in told] == ["order.submitted.v1"]
