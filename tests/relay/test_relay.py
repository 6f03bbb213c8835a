"""The relay: what is announced arrives at least once, in order within a group, and is marked only once it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from contracts.tickets import TicketProgressed
from infra.relay import relay
from kernel.base import observability
from kernel.http.app import ServiceApp
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import Command, EventItem, history, outbox_event
from kernel.store import aws
from kernel.store.transaction import Transaction
from tests import faults
from tests.world import World

UNSENT = "UNSENT#"


class Listener:
    """A service that writes down what it hears from the bus and what it is commanded."""

    def __init__(self) -> None:
        self.heard: list[Envelope] = []
        self.obeyed: list[Envelope] = []
        self.app = ServiceApp("listener")

        @self.app.consumer(subscribes=[TicketProgressed])
        def hear(message: Envelope) -> None:
            self.heard.append(message)

        @self.app.consumer(fifo=True)
        def obey(message: Envelope) -> None:
            self.obeyed.append(message)

    def forget(self) -> None:
        self.heard.clear()
        self.obeyed.clear()

    def ids(self) -> list[str]:
        """What was heard, each once, in the order of first hearing."""
        return list(dict.fromkeys(message.id for message in self.heard))

    def orders(self) -> list[str]:
        """What was commanded, each once, in the order of first command."""
        return list(dict.fromkeys(message.id for message in self.obeyed))


@pytest.fixture
def listener(world: World) -> Listener:
    listener = Listener()
    world.inhabit(listener.app)
    return listener


def announce(
    subject: str, sequence: int = 1, *, group: str | None = None, title: str = "灯带不亮", queue: str = "obey"
) -> str:
    """Write an outbox_event as a service would, in a transaction; returns the event's id."""
    event = TicketProgressed(ticket_id=subject, dealer_id="D0001", step="registered", state="new", title=title)
    command = Command(queue, group) if group else None
    item = outbox_event(
        event, pk="TICKETS#D0001", subject=subject, sequence=sequence, dealer_id="D0001", command=command
    )
    transaction = Transaction()
    transaction.create(item, "event")
    transaction.commit()
    return item.envelope.id


def unsent(world: World) -> list[str]:
    """Ids of the events still in the index."""
    return [
        EventItem(pk=item["pk"], sk=item["sk"], body=item["body"]).envelope.id
        for item in world.items()
        if item.get("gsi1pk", "").startswith(UNSENT)
    ]


@contextmanager
def spoiled(client: Any, operation: str, spoil: Callable[[dict[str, Any]], None]) -> Iterator[list[dict[str, Any]]]:
    """Let a call happen and change its answer; yields the parameters of every call."""
    real = getattr(client, operation)
    asked: list[dict[str, Any]] = []

    def call(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        answer: dict[str, Any] = real(**parameters)
        spoil(answer)
        return answer

    with patch.object(client, operation, call):
        yield asked


def test_an_announcement_reaches_its_listeners_and_leaves_the_index(world: World, listener: Listener) -> None:
    told = announce("T1")
    assert unsent(world) == [told]
    world.drain()
    assert listener.ids() == [told]
    assert listener.heard[0].event.model_dump()["title"] == "灯带不亮"
    assert unsent(world) == []


def test_a_sent_announcement_stays_as_history_of_its_subject(world: World, listener: Listener) -> None:
    announce("T1", 1)
    announce("T1", 2)
    world.drain()
    assert [message.sequence for message in history("TICKETS#D0001", "T1")] == [1, 2]


def test_the_bus_gets_source_type_and_the_whole_envelope(world: World, listener: Listener) -> None:
    announce("T1")
    with spoiled(aws.events(), "put_events", lambda answer: None) as asked:
        world.drain()
    (entry,) = asked[0]["Entries"]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "qudao-test",
        "qudao.tickets",
        "ticket.progressed.v1",
    )
    assert Envelope.model_validate_json(entry["Detail"]) == listener.heard[0]


def test_a_command_goes_to_its_queue_and_to_the_bus(world: World, listener: Listener) -> None:
    told = announce("T1", group="GZ")
    with spoiled(aws.sqs(), "send_message_batch", lambda answer: None) as asked:
        world.drain()
    (entry,) = asked[0]["Entries"]
    assert (entry["MessageGroupId"], entry["MessageDeduplicationId"]) == ("GZ", told)
    assert listener.ids() == listener.orders() == [told]


def test_what_is_no_command_reaches_no_command_queue(world: World, listener: Listener) -> None:
    announce("T1")
    world.drain()
    assert listener.obeyed == []


def test_only_new_announcements_are_sent(world: World, listener: Listener) -> None:
    announce("T1")
    (inserted,) = world.stream_records()
    modified = inserted | {"eventName": "MODIFY"}
    removed = {**inserted, "eventName": "REMOVE", "dynamodb": {"Keys": inserted["dynamodb"]["Keys"]}}
    other = {**inserted, "dynamodb": {"NewImage": inserted["dynamodb"]["NewImage"] | {"kind": {"S": "ticket"}}}}
    assert relay.announced([modified, removed, other]) == []
    assert len(relay.announced([inserted])) == 1


def test_many_announcements_travel_in_as_few_calls_as_the_bus_takes(world: World, listener: Listener) -> None:
    told = [announce(f"T{number}") for number in range(25)]
    with spoiled(aws.events(), "put_events", lambda answer: None) as asked:
        world.drain()
    assert [len(call["Entries"]) for call in asked] == [10, 10, 5]
    assert sorted(listener.ids()) == sorted(told)


def test_large_announcements_share_a_call_only_up_to_its_limit(world: World, listener: Listener) -> None:
    told = [announce(f"T{number}", title="x" * 100_000) for number in range(5)]
    with spoiled(aws.events(), "put_events", lambda answer: None) as asked:
        world.drain()
    assert [len(call["Entries"]) for call in asked] == [2, 2, 1]
    assert sorted(listener.ids()) == sorted(told)


def test_an_announcement_too_large_for_any_call_holds_up_no_other(world: World, listener: Listener) -> None:
    large = announce("T0", title="灯" * 100_000)
    small = announce("T1")
    world.drain()
    assert listener.ids() == [small]
    assert unsent(world) == [large]


def test_an_entry_the_bus_refuses_is_sent_later_and_the_others_now(world: World, listener: Listener) -> None:
    told = [announce(f"T{number}") for number in range(3)]

    def refuse_second(answer: dict[str, Any]) -> None:
        answer["Entries"][1] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        answer["FailedEntryCount"] = 1

    with spoiled(aws.events(), "put_events", refuse_second):
        world.drain()
    assert unsent(world) == [told[1]]
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    world.drain()
    assert unsent(world) == []
    assert sorted(listener.ids()) == sorted(told)


def test_after_a_refused_command_the_rest_of_its_group_waits_and_other_groups_do_not(
    world: World, listener: Listener
) -> None:
    first, second, third = (announce(f"T{number}", group="GZ") for number in range(3))
    elsewhere = [announce(f"T{number}", group="FS") for number in range(3, 5)]

    def refuse_second(answer: dict[str, Any]) -> None:
        for success in list(answer.get("Successful", [])):
            if len(asked) == 2 and success["Id"] == "0":
                answer["Successful"].remove(success)
                answer.setdefault("Failed", []).append({"Id": "0", "Code": "InternalError", "SenderFault": False})

    with spoiled(aws.sqs(), "send_message_batch", refuse_second) as asked:
        relay.send(relay.announced(world.stream_records()))
    assert unsent(world) == [second, third]
    assert not any(entry["MessageDeduplicationId"] == third for call in asked for entry in call["Entries"])
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    assert unsent(world) == []
    world.drain()
    assert [told for told in listener.orders() if told not in elsewhere] == [first, second, third]
    assert [told for told in listener.orders() if told in elsewhere] == elsewhere


def test_a_call_never_carries_two_commands_of_one_group(world: World, listener: Listener) -> None:
    for number in range(12):
        announce(f"T{number}", group=f"G{number % 3}")
    with spoiled(aws.sqs(), "send_message_batch", lambda answer: None) as asked:
        world.drain()
    for call in asked:
        groups = [entry["MessageGroupId"] for entry in call["Entries"]]
        assert len(groups) == len(set(groups))
    assert len(asked) == 4


def test_a_command_for_a_queue_that_is_not_there_stays_unsent_and_holds_up_nothing(
    world: World, listener: Listener
) -> None:
    event = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="x")
    lost = outbox_event(event, pk="TICKETS#D0001", subject="T1", sequence=1, command=Command("nobody", "GZ"))
    lost.save()
    told = announce("T2", group="GZ")
    world.drain()
    assert unsent(world) == [lost.envelope.id]
    assert listener.orders() == [told]


def test_the_bus_being_away_loses_nothing(world: World, listener: Listener) -> None:
    told = [announce(f"T{number}", group="GZ") for number in range(3)]
    call = faults.Run(kind=faults.Kind.REFUSED, at=0, within="relay.relay_events")
    with faults.watched(call):
        world.drain()
    assert call.fired
    assert (call.calls[0].service, call.calls[0].operation) == ("events", "PutEvents")
    assert unsent(world) == told
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    world.drain()
    assert listener.ids() == told
    assert unsent(world) == []


def test_a_duplicate_stream_record_is_sent_again_under_the_same_id(world: World, listener: Listener) -> None:
    told = announce("T1", group="GZ")
    world.drain()
    before = world.snapshot()
    world.redeliver_everything()
    assert {message.id for message in listener.heard} == {told}
    assert len(listener.heard) > 1
    assert world.snapshot() == before


def test_an_announcement_that_was_deleted_meanwhile_is_not_brought_back(world: World, listener: Listener) -> None:
    announce("T1")
    EventItem.get("TICKETS#D0001", "EVENT#T1#000001").delete()
    world.drain()
    assert world.items("TICKETS#") == []


def test_a_fault_at_any_call_of_the_relay_loses_nothing_and_keeps_the_order(world: World, listener: Listener) -> None:
    told: list[str] = []

    def prepare() -> None:
        told[:] = [
            announce("T1", group="GZ"),
            announce("T2"),
            announce("T3", group="GZ"),
            announce("T4", group="FS"),
        ]

    points = 0
    for fault in faults.every_point(
        world, prepare=prepare, act=world.drain, within="relay.relay_events", forget=listener.forget
    ):
        points += 1
        world.clock.advance(minutes=2)
        world.periodic("relay", "resend_unsent")
        world.drain()
        assert unsent(world) == [], fault
        assert sorted(listener.ids()) == sorted(told), fault
        assert sorted(listener.orders()) == sorted([told[0], told[2], told[3]]), fault
        assert [ident for ident in listener.orders() if ident != told[3]] == [told[0], told[2]], fault
    # One call to the bus, two to the queue, four marks; six kinds of fault, and a seventh where there are entries.
    assert points == 7 * 6 + 3


def test_a_fault_at_any_call_of_the_sweep_is_made_good_by_the_next(world: World, listener: Listener) -> None:
    told: list[str] = []

    def prepare() -> None:
        told[:] = [announce("T1", group="GZ"), announce("T2")]
        world.clock.advance(minutes=2)

    def sweep() -> None:
        world.periodic("relay", "resend_unsent")

    kinds = (faults.Kind.CRASH_AFTER, faults.Kind.REFUSED)
    for fault in faults.every_point(
        world, prepare=prepare, act=sweep, kinds=kinds, survives=(Exception,), forget=listener.forget
    ):
        world.clock.advance(minutes=1)
        sweep()
        world.drain()
        assert unsent(world) == [], fault
        assert sorted(listener.ids()) == sorted(told), fault
        assert listener.orders() == [told[0]], fault


# ---- the sweeper ----


def test_the_sweeper_leaves_the_last_minute_to_the_stream(world: World, listener: Listener) -> None:
    fresh = announce("T1")
    world.clock.advance(seconds=30)
    world.periodic("relay", "resend_unsent")
    assert unsent(world) == [fresh]
    assert world.waiting("hear") == []


def test_the_sweeper_finds_what_the_stream_never_told(world: World, listener: Listener) -> None:
    told = [announce(f"T{number}", group=f"G{number}") for number in range(20)]
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    assert unsent(world) == []
    assert len(world.waiting("hear")) == 20
    assert len({item["gsi1pk"] for item in relay_images(world)}) > 1, "the test should cover several shards"
    world.drain()
    assert sorted(listener.orders()) == sorted(told)


def relay_images(world: World) -> list[dict[str, str]]:
    """The index keys every outbox_event was written with."""
    images = [record["dynamodb"]["NewImage"] for record in world.stream_records() if record["eventName"] == "INSERT"]
    return [{"gsi1pk": image["gsi1pk"]["S"]} for image in images]


def test_the_sweeper_keeps_the_order_of_a_group(world: World, listener: Listener) -> None:
    told = [announce(f"T{number}", group="GZ") for number in range(12)]
    world.clock.advance(minutes=2)
    world.periodic("relay", "resend_unsent")
    assert [Envelope.model_validate_json(body).id for body in world.waiting("obey")] == told


def test_a_sweep_without_time_reads_one_page_of_each_shard_and_the_next_goes_on(
    world: World, listener: Listener
) -> None:
    with patch.object(relay, "_PAGE", 3), patch.object(relay, "_SWEEP_SECONDS", 0):
        for number in range(5):
            announce(f"T{number}", group="GZ")
        world.clock.advance(minutes=2)
        world.periodic("relay", "resend_unsent")
        assert len(unsent(world)) == 2
        world.periodic("relay", "resend_unsent")
        assert unsent(world) == []


def test_what_cannot_be_sent_at_the_head_of_a_shard_keeps_nothing_behind_it_from_being_sent(
    world: World, listener: Listener
) -> None:
    with patch.object(relay, "_PAGE", 3):
        lost = [announce(f"T{number}", title="灯" * 100_000) for number in range(7)]
        lost += [announce(f"T{number}", group="nowhere", queue="nobody") for number in range(7, 14)]
        world.clock.advance(seconds=1)
        told = [announce(f"T{number}", group=f"G{number}") for number in range(20, 60)]
        world.clock.advance(minutes=2)
        with counted() as counts:
            world.periodic("relay", "resend_unsent")
    assert sorted(unsent(world)) == sorted(lost)
    assert counts["EventsStuck"] == len(lost)
    world.drain()
    assert sorted(listener.orders()) == sorted(told)


def test_after_a_refused_command_the_rest_of_its_group_waits_on_the_pages_behind_too(
    world: World, listener: Listener
) -> None:
    told = [announce(f"T{number}", group="GZ") for number in range(8)]
    world.clock.advance(minutes=2)

    def refuse(answer: dict[str, Any]) -> None:
        for success in answer.pop("Successful", []):
            answer.setdefault("Failed", []).append({"Id": success["Id"], "Code": "InternalError", "SenderFault": False})

    with patch.object(relay, "_PAGE", 3), spoiled(aws.sqs(), "send_message_batch", refuse) as asked:
        world.periodic("relay", "resend_unsent")
    assert [entry["MessageDeduplicationId"] for call in asked for entry in call["Entries"]] == told[:1]
    assert unsent(world) == told


def test_the_sweeper_reports_the_age_of_the_oldest(world: World, listener: Listener) -> None:
    reported: list[float] = []
    with patch.object(observability, "seconds", lambda name, value: reported.append(value)):
        world.periodic("relay", "resend_unsent")
        announce("T1")
        world.clock.advance(minutes=5)
        announce("T2")
        world.periodic("relay", "resend_unsent")
    assert reported[0] == 0
    assert 300 <= reported[1] < 301


def test_a_failed_announcement_is_counted(world: World, listener: Listener) -> None:
    announce("T1", title="灯" * 100_000)
    with counted() as counts:
        assert len(relay.send(relay.announced(world.stream_records()))) == 1
    assert counts["AnnouncementsFailed"] == 1


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """What is counted inside, by the metric's name."""
    counts: dict[str, int] = {}
    with patch.object(observability, "count", lambda name, value=1: counts.update({name: value})):
        yield counts
