"""Sending dead letters back to their queues: each has its effect once."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support import faults
from tests.support.world import World
from tests.tools.dead_letters.situations import (
    CREDIT,
    RESERVE,
    broken,
    broken_invariants,
    make_all_messages_visible,
    queue_of,
    run,
    trade_with_broken,
)
from tools.dead_letters.queues import DeadLetterQueue, peek
from tools.dead_letters.redrive import redrive
from tools.errors import CommandError


@pytest.mark.parametrize("name", ["reserve-stock", "update-credit"])
def test_redriven_letters_have_their_effect_once(world: World, name: str) -> None:
    trade_with_broken(world, name, orders=3, payments=3)
    assert broken_invariants(world)
    code, output = run("redrive", name, "--all", "--json")
    outcome = json.loads(output)
    assert code == 0 and len(outcome["sent"]) == 3
    assert world.dead_letters() == []
    assert len(world.waiting(name)) == 3
    world.drain()
    assert broken_invariants(world) == []


def test_letters_of_a_group_are_redriven_in_order(world: World) -> None:
    trade_with_broken(world, "reserve-stock", orders=12)
    outcome = redrive(queue_of(RESERVE), None, "run")
    assert outcome.sent == [f"evt_D0001-{number:06d}_1" for number in range(1, 13)]
    assert [json.loads(body)["id"] for body in world.waiting("reserve-stock")] == outcome.sent


def test_redrive_by_event_id_leaves_the_other_letters(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=3)
    chosen = peek(queue_of(CREDIT), 100)[1].id
    code, output = run("redrive", "update-credit", "--id", chosen, "--json")
    assert code == 0 and json.loads(output)["sent"] == [chosen]
    assert len(peek(queue_of(CREDIT), 100)) == 2, "the others are not hidden"
    world.drain()
    assert len(world.dead_letters()) == 2


def test_redrive_names_missing_letters_and_exits_with_1(world: World) -> None:
    trade_with_broken(world, "update-credit")
    code, output = run("redrive", "update-credit", "--id", "evt_nothing_1")
    assert code == 1 and "evt_nothing_1" in output
    assert len(world.dead_letters()) == 1 and world.waiting("update-credit") == []


@pytest.mark.parametrize("chosen", [[], ["--all", "--id", "x"]], ids=["nothing", "both"])
def test_redrive_needs_either_ids_or_all(world: World, chosen: list[str]) -> None:
    trade_with_broken(world, "update-credit")
    code, output = run("redrive", "update-credit", *chosen)
    assert code == 1 and "--all" in output
    assert len(world.dead_letters()) == 1


def test_letter_that_fails_again_can_be_redriven_again(world: World) -> None:
    trade_with_broken(world, "reserve-stock")
    for times in (1, 2):
        assert redrive(queue_of(RESERVE), None, f"run {times}").is_done
        with broken("reserve-stock"):
            world.drain(may_fail=True)
        (letter,) = peek(queue_of(RESERVE), 10)
        assert letter.sent_back == times
    _, output = run("show", "reserve-stock")
    assert "came back" in output and "2×" in output
    # All within the five minutes in which a FIFO queue drops repeated messages: none was dropped.
    assert redrive(queue_of(RESERVE), None, "run 3").is_done
    world.drain()
    assert broken_invariants(world) == []


def test_letter_that_fails_again_during_a_redrive_stays(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=2)

    def fail_at_once(_: str) -> None:
        with broken("update-credit"):
            world.drain(may_fail=True)

    outcome = redrive(queue_of(CREDIT), None, "run", fail_at_once)
    assert len(outcome.sent) == 2 and sorted(outcome.returned) == sorted(outcome.sent) and not outcome.is_done
    assert len(world.dead_letters()) == 2


def test_notes_about_a_stream_are_not_redriven() -> None:
    notes = DeadLetterQueue("qudao-test-relay-announcements-dlq", "url", "relay.relay_events", 1, 0, notes=True)
    with pytest.raises(CommandError, match="OldestUnsentSeconds"):
        redrive(notes, None, "run")


def test_letters_of_a_group_stay_behind_one_that_could_not_be_sent(world: World) -> None:
    trade_with_broken(world, "reserve-stock", orders=3)
    refused = faults.Run(kind=faults.Kind.REFUSED, at=4)
    queue = queue_of(RESERVE)
    with faults.watched(refused):
        outcome = redrive(queue, None, "run")
    assert refused.calls[4].operation == "SendMessage"
    assert outcome.sent == ["evt_D0001-000001_1"]
    assert outcome.failed == ["evt_D0001-000002_1", "evt_D0001-000003_1"]


KINDS = [kind for kind in faults.Kind if kind not in (faults.Kind.THROTTLED, faults.Kind.PARTIAL)]
#: Queues by name, found before the calls that fail.
found_queues: dict[str, DeadLetterQueue] = {}


@pytest.mark.parametrize("name", ["reserve-stock", "update-credit"])
def test_redrive_loses_and_doubles_no_letter_after_a_fault(world: World, name: str) -> None:
    """Stop the process, or let AWS fail, at every call; then repeat the command."""
    points = 0
    for fault in faults.every_point(
        world,
        prepare=lambda: trade_with_broken(world, name, orders=2, payments=2),
        act=lambda: redrive(found_queues[name], None, "first"),
        kinds=KINDS,
        survives=(ClientError, BotoCoreError),
        forget=lambda: found_queues.update({name: queue_of(name)}),
    ):
        points += 1
        make_all_messages_visible()
        sent = world.waiting(name)
        redrive(queue_of(name), None, "second")
        assert world.dead_letters() == [], fault
        assert set(world.waiting(name)) >= set(sent), fault
        assert all(count <= 2 for count in Counter(world.waiting(name)).values()), fault
        report = world.drain()
        assert not report.failed, fault
        assert broken_invariants(world) == [], fault
    # Calls: find the queue, receive twice, send and delete two letters; each with five kinds of fault.
    assert points == 7 * 5


def test_redriven_letters_may_be_delivered_again(world: World) -> None:
    trade_with_broken(world, "reserve-stock", "update-credit", orders=2, payments=2)
    for name in ("reserve-stock", "update-credit"):
        assert redrive(queue_of(name), None, "run").is_done
    world.drain()
    before = world.snapshot()
    world.redeliver_everything()
    assert world.snapshot() == before
    assert broken_invariants(world) == []
