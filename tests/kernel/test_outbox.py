"""Announcements: written with the change, named by subject and sequence, waiting in order until sent."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tickets import TicketProgressed
from kernel.messaging.events import envelope, event_types
from kernel.messaging.outbox import SHARDS, Command, EventItem, history, outbox_event, shard_key
from kernel.store.transaction import Transaction, TransactionRefused
from tests.world import World

SAID = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="灯")


def said(subject: str = "T1", sequence: int = 1, *, pk: str = "TICKETS#D0001", group: str | None = None) -> EventItem:
    command = Command("obey", group) if group else None
    return outbox_event(SAID, pk=pk, subject=subject, sequence=sequence, dealer_id="D0001", command=command)


def test_a_repeated_attempt_makes_the_same_event(world: World) -> None:
    first, second = said(), said()
    assert first.envelope.id == second.envelope.id
    assert (first.pk, first.sk) == (second.pk, second.sk)
    first_try = Transaction()
    first_try.create(first, "event")
    first_try.commit()
    again = Transaction()
    again.create(second, "event")
    with pytest.raises(TransactionRefused):
        again.commit()
    assert len(world.items("TICKETS#")) == 1


@given(st.lists(st.tuples(st.sampled_from(["T1", "T2", "T1_1", "T1_"]), st.integers(1, 20)), unique=True, max_size=40))
def test_no_two_events_of_a_kind_share_an_id(events: list[tuple[str, int]]) -> None:
    ids = [envelope(SAID, subject=subject, sequence=sequence).id for subject, sequence in events]
    assert len(set(ids)) == len(ids)


def test_the_envelope_says_who_what_when_and_about_whom(world: World) -> None:
    message = said(sequence=3).envelope
    assert message.source == "qudao.tickets"
    assert message.type == "ticket.progressed.v1"
    assert (message.subject, message.sequence, message.dealerid) == ("T1", 3, "D0001")
    assert message.time.endswith("Z")
    assert message.event == SAID
    assert message.specversion == "1.0"


def test_an_event_about_no_dealer_says_nothing_of_one(world: World) -> None:
    item = outbox_event(SAID, pk="X", subject="T1", sequence=1)
    assert "dealerid" not in item.body
    assert item.envelope.dealerid is None


def test_history_is_in_order_and_of_its_subject_alone(world: World) -> None:
    for sequence in (2, 10, 1, 11, 3):
        said("T1", sequence).save()
        said("T10", sequence).save()
        said("T1", sequence, pk="TICKETS#D0002").save()
    assert [message.sequence for message in history("TICKETS#D0001", "T1")] == [1, 2, 3, 10, 11]
    assert history("TICKETS#D0001", "T") == []


def test_a_history_has_no_end_at_two_hundred(fast_world: World) -> None:
    for sequence in range(1, 251):
        said("T1", sequence).save()
    assert [message.sequence for message in history("TICKETS#D0001", "T1")] == list(range(1, 251))


def test_a_command_names_its_queue_and_group_and_an_event_neither(world: World) -> None:
    assert said(group="GZ").command == Command("obey", "GZ")
    assert said().command is None


def test_what_waits_is_in_the_index_by_time(world: World) -> None:
    first = said("T1", group="GZ")
    world.clock.advance(seconds=1)
    second = said("T2", group="GZ")
    assert first.gsi1pk == second.gsi1pk
    assert first.gsi1sk < second.gsi1sk


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_one_group_always_falls_into_one_shard(group: str, subject: str) -> None:
    shards = {said(f"{subject}{number}", pk=f"P#{number}", group=group).gsi1pk for number in range(3)}
    assert len(shards) == 1
    assert shards <= {shard_key(number) for number in range(SHARDS)}


def test_dealers_spread_over_the_shards() -> None:
    found = Counter(said(pk=f"TICKETS#D{number:04d}").gsi1pk for number in range(800))
    assert len(found) == SHARDS
    assert max(found.values()) < 2 * 800 / SHARDS


def test_every_event_type_says_who_publishes_it_and_who_listens() -> None:
    for name, event in event_types().items():
        assert name == event.TYPE
        assert name.rpartition(".v")[2].isdigit(), name
        assert event.SOURCE, name
        assert event.__doc__, name
        assert "eard by" in event.__doc__, f"{name}: its docstring names the listeners"
