"""Events in the outbox: stored with the change, identified by subject and sequence, listed in order until sent."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tickets import TicketProgressed
from kernel.messaging.events import envelope, event_types
from kernel.messaging.outbox import SHARDS, Command, EventItem, history, outbox_event, shard_key
from kernel.store.transaction import Transaction, TransactionRefused
from tests.support.world import World

EVENT = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="灯")


def event_item(
    subject: str = "T1", sequence: int = 1, *, pk: str = "TICKETS#D0001", group: str | None = None
) -> EventItem:
    command = Command("run-command", group) if group else None
    return outbox_event(EVENT, pk=pk, subject=subject, sequence=sequence, dealer_id="D0001", command=command)


def test_repeated_attempt_has_the_same_event_id(world: World) -> None:
    first, second = event_item(), event_item()
    assert first.envelope.id == second.envelope.id
    assert (first.pk, first.sk) == (second.pk, second.sk)
    transaction = Transaction()
    transaction.create(first, "event")
    transaction.commit()
    repeated = Transaction()
    repeated.create(second, "event")
    with pytest.raises(TransactionRefused):
        repeated.commit()
    assert len(world.items("TICKETS#")) == 1


@given(st.lists(st.tuples(st.sampled_from(["T1", "T2", "T1_1", "T1_"]), st.integers(1, 20)), unique=True, max_size=40))
def test_event_ids_are_unique(events: list[tuple[str, int]]) -> None:
    ids = [envelope(EVENT, subject=subject, sequence=sequence).id for subject, sequence in events]
    assert len(set(ids)) == len(ids)


def test_envelope_has_source_type_time_subject_and_dealer(world: World) -> None:
    message = event_item(sequence=3).envelope
    assert message.source == "qudao.tickets"
    assert message.type == "ticket.progressed.v1"
    assert (message.subject, message.sequence, message.dealerid) == ("T1", 3, "D0001")
    assert message.time.endswith("Z")
    assert message.event == EVENT
    assert message.specversion == "1.0"


def test_envelope_has_no_dealer_when_the_event_has_none(world: World) -> None:
    item = outbox_event(EVENT, pk="X", subject="T1", sequence=1)
    assert "dealerid" not in item.body
    assert item.envelope.dealerid is None


def test_history_has_events_of_one_subject_in_order(world: World) -> None:
    for sequence in (2, 10, 1, 11, 3):
        event_item("T1", sequence).save()
        event_item("T10", sequence).save()
        event_item("T1", sequence, pk="TICKETS#D0002").save()
    assert [message.sequence for message in history("TICKETS#D0001", "T1")] == [1, 2, 3, 10, 11]
    assert history("TICKETS#D0001", "T") == []


def test_history_has_more_than_two_hundred_events(fast_world: World) -> None:
    for sequence in range(1, 251):
        event_item("T1", sequence).save()
    assert [message.sequence for message in history("TICKETS#D0001", "T1")] == list(range(1, 251))


def test_command_has_queue_and_group_and_plain_event_has_none(world: World) -> None:
    assert event_item(group="GZ").command == Command("run-command", "GZ")
    assert event_item().command is None


def test_unsent_events_are_in_the_index_by_time(world: World) -> None:
    first = event_item("T1", group="GZ")
    world.clock.advance(seconds=1)
    second = event_item("T2", group="GZ")
    assert first.gsi1pk == second.gsi1pk
    assert first.gsi1sk < second.gsi1sk


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_command_group_is_always_in_one_shard(group: str, subject: str) -> None:
    shards = {event_item(f"{subject}{number}", pk=f"P#{number}", group=group).gsi1pk for number in range(3)}
    assert len(shards) == 1
    assert shards <= {shard_key(number) for number in range(SHARDS)}


def test_dealers_are_spread_over_the_shards() -> None:
    found = Counter(event_item(pk=f"TICKETS#D{number:04d}").gsi1pk for number in range(800))
    assert len(found) == SHARDS
    assert max(found.values()) < 2 * 800 / SHARDS


def test_every_event_type_names_publisher_and_subscribers() -> None:
    for name, event in event_types().items():
        assert name == event.TYPE
        assert name.rpartition(".v")[2].isdigit(), name
        assert event.SOURCE, name
        assert event.__doc__, name
        assert "Subscribers:" in event.__doc__, f"{name}: the docstring names the subscribers"
