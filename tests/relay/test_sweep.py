"""The sweep sends events that the stream missed."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from infra.relay import relay
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store import aws
from tests.relay.fixtures import Subscriber, changed_answers, measured_counts, store_event, unsent_ids
from tests.support import faults
from tests.support.world import World


def test_next_sweep_completes_a_sweep_after_any_fault(world: World, subscriber: Subscriber) -> None:
    stored: list[str] = []

    def prepare() -> None:
        stored[:] = [store_event("T1", group="GZ"), store_event("T2")]
        world.clock.advance(minutes=2)

    def sweep() -> None:
        world.periodic("relay", "resend_unsent")

    kinds = (faults.Kind.CRASH_AFTER, faults.Kind.REFUSED)
    for fault in faults.every_point(
        world, prepare=prepare, act=sweep, kinds=kinds, survives=(Exception,), forget=subscriber.clear
    ):
        world.clock.advance(minutes=1)
        sweep()
        world.drain()
        assert unsent_ids(world) == [], fault
        assert sorted(subscriber.event_ids()) == sorted(stored), fault
        assert subscriber.command_ids() == [stored[0]], fault


def test_sweep_leaves_the_last_minute_to_the_stream(world: World, subscriber: Subscriber) -> None:
    fresh = store_event("T1")
    world.clock.advance(seconds=30)
    world.periodic("relay", "resend_unsent")
    assert unsent_ids(world) == [fresh]
    assert world.waiting("receive-event") == []


def test_sweep_sends_events_that_the_stream_missed(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}", group=f"G{number}") for number in range(20)]
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    assert unsent_ids(world) == []
    assert len(world.waiting("receive-event")) == 20
    assert len({item["gsi1pk"] for item in index_keys(world)}) > 1, "the events must be in several shards"
    world.drain()
    assert sorted(subscriber.command_ids()) == sorted(stored)


def index_keys(world: World) -> list[dict[str, str]]:
    """Return the index partition that every event was stored with."""
    images = [record["dynamodb"]["NewImage"] for record in world.stream_records() if record["eventName"] == "INSERT"]
    return [{"gsi1pk": image["gsi1pk"]["S"]} for image in images]


def test_sweep_keeps_order_within_a_command_group(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}", group="GZ") for number in range(12)]
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    assert [Envelope.model_validate_json(body).id for body in world.waiting("run-command")] == stored


def test_sweep_without_time_reads_one_page_of_each_shard(world: World, subscriber: Subscriber) -> None:
    with patch.object(relay, "_PAGE", 3), patch.object(relay, "_SWEEP_SECONDS", 0):
        for number in range(5):
            store_event(f"T{number}", group="GZ")
        world.clock.advance(minutes=2)
        world.periodic("relay", "resend_unsent")
        assert len(unsent_ids(world)) == 2
        world.periodic("relay", "resend_unsent")
        assert unsent_ids(world) == []


def test_sweep_passes_over_events_that_cannot_be_sent(world: World, subscriber: Subscriber) -> None:
    with patch.object(relay, "_PAGE", 3):
        lost = [store_event(f"T{number}", title="灯" * 100_000) for number in range(7)]
        lost += [store_event(f"T{number}", group="other", queue="missing-queue") for number in range(7, 14)]
        world.clock.advance(seconds=1)
        stored = [store_event(f"T{number}", group=f"G{number}") for number in range(20, 60)]
        world.clock.advance(minutes=2)
        with measured_counts() as counts:
            world.periodic("relay", "resend_unsent")
    assert sorted(unsent_ids(world)) == sorted(lost)
    assert counts["EventsStuck"] == len(lost)
    world.drain()
    assert sorted(subscriber.command_ids()) == sorted(stored)


def test_sweep_blocks_group_of_refused_command_on_later_pages(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}", group="GZ") for number in range(8)]
    world.clock.advance(minutes=2)

    def refuse(answer: dict[str, Any]) -> None:
        for success in answer.pop("Successful", []):
            answer.setdefault("Failed", []).append({"Id": success["Id"], "Code": "InternalError", "SenderFault": False})

    with patch.object(relay, "_PAGE", 3), changed_answers(aws.sqs(), "send_message_batch", refuse) as calls:
        world.periodic("relay", "resend_unsent")
    assert [entry["MessageDeduplicationId"] for call in calls for entry in call["Entries"]] == stored[:1]
    assert unsent_ids(world) == stored


def test_sweep_measures_age_of_the_oldest_unsent_event(world: World, subscriber: Subscriber) -> None:
    reported: list[float] = []
    with patch.object(observability, "record_duration", lambda name, value: reported.append(value)):
        world.periodic("relay", "resend_unsent")
        store_event("T1")
        world.clock.advance(minutes=5)
        store_event("T2")
        world.periodic("relay", "resend_unsent")
    assert reported[0] == 0
    assert 300 <= reported[1] < 301
