"""The relay sends each event at least once, in order within a group, and marks it once it is sent."""

from __future__ import annotations

from typing import Any

from contracts.tickets import TicketProgressed
from infra.relay import relay
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import Command, EventItem, history, outbox_event
from kernel.store import aws
from tests.relay.fixtures import Subscriber, changed_answers, measured_counts, store_event, unsent_ids
from tests.support import faults
from tests.support.world import World


def test_event_reaches_its_subscribers_and_leaves_the_index(world: World, subscriber: Subscriber) -> None:
    stored = store_event("T1")
    assert unsent_ids(world) == [stored]
    world.drain()
    assert subscriber.event_ids() == [stored]
    assert subscriber.events[0].event.model_dump()["title"] == "灯带不亮"
    assert unsent_ids(world) == []


def test_sent_event_remains_in_history_of_its_subject(world: World, subscriber: Subscriber) -> None:
    store_event("T1", 1)
    store_event("T1", 2)
    world.drain()
    assert [message.sequence for message in history("TICKETS#D0001", "T1")] == [1, 2]


def test_bus_gets_source_type_and_the_whole_envelope(world: World, subscriber: Subscriber) -> None:
    store_event("T1")
    with changed_answers(aws.eventbridge(), "put_events", lambda answer: None) as calls:
        world.drain()
    (entry,) = calls[0]["Entries"]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "qudao-test",
        "qudao.tickets",
        "ticket.progressed.v1",
    )
    assert Envelope.model_validate_json(entry["Detail"]) == subscriber.events[0]


def test_command_goes_to_its_queue_and_to_the_bus(world: World, subscriber: Subscriber) -> None:
    stored = store_event("T1", group="GZ")
    with changed_answers(aws.sqs(), "send_message_batch", lambda answer: None) as calls:
        world.drain()
    (entry,) = calls[0]["Entries"]
    assert (entry["MessageGroupId"], entry["MessageDeduplicationId"]) == ("GZ", stored)
    assert subscriber.event_ids() == subscriber.command_ids() == [stored]


def test_event_without_command_reaches_no_command_queue(world: World, subscriber: Subscriber) -> None:
    store_event("T1")
    world.drain()
    assert subscriber.commands == []


def test_relay_sends_only_newly_stored_events(world: World, subscriber: Subscriber) -> None:
    store_event("T1")
    (inserted,) = world.stream_records()
    modified = inserted | {"eventName": "MODIFY"}
    removed = {**inserted, "eventName": "REMOVE", "dynamodb": {"Keys": inserted["dynamodb"]["Keys"]}}
    other = {**inserted, "dynamodb": {"NewImage": inserted["dynamodb"]["NewImage"] | {"kind": {"S": "ticket"}}}}
    assert relay.new_events([modified, removed, other]) == []
    assert len(relay.new_events([inserted])) == 1


def test_relay_sends_events_in_as_few_calls_as_possible(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}") for number in range(25)]
    with changed_answers(aws.eventbridge(), "put_events", lambda answer: None) as calls:
        world.drain()
    assert [len(call["Entries"]) for call in calls] == [10, 10, 5]
    assert sorted(subscriber.event_ids()) == sorted(stored)


def test_relay_keeps_large_events_within_the_call_limit(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}", title="x" * 100_000) for number in range(5)]
    with changed_answers(aws.eventbridge(), "put_events", lambda answer: None) as calls:
        world.drain()
    assert [len(call["Entries"]) for call in calls] == [2, 2, 1]
    assert sorted(subscriber.event_ids()) == sorted(stored)


def test_too_large_event_blocks_no_other_event(world: World, subscriber: Subscriber) -> None:
    large = store_event("T0", title="灯" * 100_000)
    small = store_event("T1")
    world.drain()
    assert subscriber.event_ids() == [small]
    assert unsent_ids(world) == [large]


def test_event_refused_by_the_bus_is_sent_by_the_sweep(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}") for number in range(3)]

    def refuse_second(answer: dict[str, Any]) -> None:
        answer["Entries"][1] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        answer["FailedEntryCount"] = 1

    with changed_answers(aws.eventbridge(), "put_events", refuse_second):
        world.drain()
    assert unsent_ids(world) == [stored[1]]
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    world.drain()
    assert unsent_ids(world) == []
    assert sorted(subscriber.event_ids()) == sorted(stored)


def test_refused_command_blocks_only_its_own_group(world: World, subscriber: Subscriber) -> None:
    first, second, third = (store_event(f"T{number}", group="GZ") for number in range(3))
    other_group = [store_event(f"T{number}", group="FS") for number in range(3, 5)]

    def refuse_second(answer: dict[str, Any]) -> None:
        for success in list(answer.get("Successful", [])):
            if len(calls) == 2 and success["Id"] == "0":
                answer["Successful"].remove(success)
                answer.setdefault("Failed", []).append({"Id": "0", "Code": "InternalError", "SenderFault": False})

    with changed_answers(aws.sqs(), "send_message_batch", refuse_second) as calls:
        relay.send_events(relay.new_events(world.stream_records()))
    assert unsent_ids(world) == [second, third]
    assert not any(entry["MessageDeduplicationId"] == third for call in calls for entry in call["Entries"])
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    assert unsent_ids(world) == []
    world.drain()
    assert [ident for ident in subscriber.command_ids() if ident not in other_group] == [first, second, third]
    assert [ident for ident in subscriber.command_ids() if ident in other_group] == other_group


def test_queue_call_never_has_two_commands_of_one_group(world: World, subscriber: Subscriber) -> None:
    for number in range(12):
        store_event(f"T{number}", group=f"G{number % 3}")
    with changed_answers(aws.sqs(), "send_message_batch", lambda answer: None) as calls:
        world.drain()
    for call in calls:
        groups = [entry["MessageGroupId"] for entry in call["Entries"]]
        assert len(groups) == len(set(groups))
    assert len(calls) == 4


def test_command_for_a_missing_queue_stays_unsent_and_blocks_nothing(world: World, subscriber: Subscriber) -> None:
    event = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="x")
    lost = outbox_event(event, pk="TICKETS#D0001", subject="T1", sequence=1, command=Command("missing-queue", "GZ"))
    lost.save()
    stored = store_event("T2", group="GZ")
    world.drain()
    assert unsent_ids(world) == [lost.envelope.id]
    assert subscriber.command_ids() == [stored]


def test_no_event_is_lost_when_the_bus_fails(world: World, subscriber: Subscriber) -> None:
    stored = [store_event(f"T{number}", group="GZ") for number in range(3)]
    call = faults.Run(kind=faults.Kind.REFUSED, at=0, within="relay.relay_events")
    with faults.watched(call):
        world.drain()
    assert call.fired
    assert (call.calls[0].service, call.calls[0].operation) == ("events", "PutEvents")
    assert unsent_ids(world) == stored
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    world.drain()
    assert subscriber.event_ids() == stored
    assert unsent_ids(world) == []


def test_duplicate_stream_record_is_sent_again_under_same_id(world: World, subscriber: Subscriber) -> None:
    stored = store_event("T1", group="GZ")
    world.drain()
    before = world.snapshot()
    world.redeliver_everything()
    assert {message.id for message in subscriber.events} == {stored}
    assert len(subscriber.events) > 1
    assert world.snapshot() == before


def test_relay_does_not_recreate_a_deleted_event(world: World, subscriber: Subscriber) -> None:
    store_event("T1")
    EventItem.get("TICKETS#D0001", "EVENT#T1#000001").delete()
    world.drain()
    assert world.items("TICKETS#") == []


def test_relay_keeps_events_and_order_after_any_fault(world: World, subscriber: Subscriber) -> None:
    stored: list[str] = []

    def prepare() -> None:
        stored[:] = [
            store_event("T1", group="GZ"),
            store_event("T2"),
            store_event("T3", group="GZ"),
            store_event("T4", group="FS"),
        ]

    points = 0
    for fault in faults.every_point(
        world, prepare=prepare, act=world.drain, within="relay.relay_events", forget=subscriber.clear
    ):
        points += 1
        world.clock.advance(minutes=2)
        world.periodic("relay", "resend_unsent")
        world.drain()
        assert unsent_ids(world) == [], fault
        assert sorted(subscriber.event_ids()) == sorted(stored), fault
        assert sorted(subscriber.command_ids()) == sorted([stored[0], stored[2], stored[3]]), fault
        assert [ident for ident in subscriber.command_ids() if ident != stored[3]] == [stored[0], stored[2]], fault
    # One call to the bus, two to the queue, four marks; six kinds of fault, and a seventh where there are entries.
    assert points == 7 * 6 + 3


def test_relay_counts_events_that_failed(world: World, subscriber: Subscriber) -> None:
    store_event("T1", title="灯" * 100_000)
    with measured_counts() as counts:
        assert len(relay.send_events(relay.new_events(world.stream_records()))) == 1
    assert counts["EventsFailed"] == 1
