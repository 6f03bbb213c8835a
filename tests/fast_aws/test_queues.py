"""The fast queues: order within groups, repeats, delays, dead letters."""

from __future__ import annotations

from random import Random

import pytest

from tests.fast_aws.items import Refusal
from tests.fast_aws.queues import Queues
from tests.fast_aws.test_store import Time, time
from tests.world import MONDAY_MORNING

__all__ = ["time"]


@pytest.fixture
def queues(time: Time) -> Queues:
    made = Queues("1", "r", time)
    made.create("plain", fifo=False, max_receives=3)
    made.create("lane.fifo", fifo=True, max_receives=3)
    return made


def bodies(queues: Queues, name: str, most: int = 10, order: Random | None = None) -> list[str]:
    return [message.body for message in queues.receive(name, most, order)]


def test_of_a_group_nothing_is_handed_out_while_some_of_it_is_in_hand(queues: Queues) -> None:
    for body, group in (("a1", "a"), ("b1", "b"), ("a2", "a")):
        queues.put("lane.fifo", body, group=group, deduplication_id=body)
    (first,) = queues.receive("lane.fifo", 1)
    assert first.body == "a1"
    assert bodies(queues, "lane.fifo") == ["b1"]
    queues.give_back("lane.fifo", first.id)
    assert bodies(queues, "lane.fifo") == ["a1", "a2"]


@pytest.mark.parametrize("seed", range(20))
def test_in_any_order_a_group_keeps_its_own(queues: Queues, seed: int) -> None:
    for number in range(8):
        queues.put("lane.fifo", f"{number}", group="ab"[number % 2], deduplication_id=f"{number}")
        queues.put("plain", f"{number}")
    taken = bodies(queues, "lane.fifo", order=Random(seed))
    assert [body for body in taken if int(body) % 2] == ["1", "3", "5", "7"]
    assert sorted(bodies(queues, "plain", order=Random(seed))) == sorted(taken)


def test_a_repeat_counts_again_after_five_minutes_even_if_the_first_is_gone(queues: Queues, time: Time) -> None:
    for minutes, expected in ((0, ["x"]), (4, []), (2, ["x"])):
        time.now = time.now.replace(minute=time.now.minute + minutes)
        queues.put("lane.fifo", "x", group="a", deduplication_id="x")
        taken = queues.receive("lane.fifo", 10)
        assert [message.body for message in taken] == expected
        for message in taken:
            queues.done("lane.fifo", message.id)


def test_what_is_delayed_waits_for_its_time(queues: Queues, time: Time) -> None:
    queues.put("plain", "later", delay=60)
    assert bodies(queues, "plain") == []
    time.now = MONDAY_MORNING.replace(minute=1)
    assert bodies(queues, "plain") == ["later"]


def test_what_fails_too_often_goes_to_the_dead_letters(queues: Queues) -> None:
    queues.put("plain", "poison")
    for _ in range(3):
        (message,) = queues.receive("plain", 10)
        queues.give_back("plain", message.id)
    assert bodies(queues, "plain") == []
    assert [message.body for message in queues.queues["plain-dlq"].messages] == ["poison"]


def test_a_saved_state_comes_back_with_all_that_waits(queues: Queues) -> None:
    queues.put("plain", "a")
    saved = queues.save()
    (message,) = queues.receive("plain", 10)
    queues.done("plain", message.id)
    for _ in range(2):
        queues.restore(saved)
        (again,) = queues.receive("plain", 10)
        assert (again.body, again.received) == ("a", 1)


def test_too_many_or_too_much_at_once_is_refused(queues: Queues) -> None:
    entries = [{"Id": f"{number}", "MessageBody": "x"} for number in range(11)]
    with pytest.raises(Refusal):
        queues.answer("SendMessageBatch", {"QueueUrl": "/plain", "Entries": entries})
    with pytest.raises(Refusal):
        queues.answer("SendMessage", {"QueueUrl": "/plain", "MessageBody": "x" * 262_145})
    with pytest.raises(Refusal):
        queues.answer("SendMessage", {"QueueUrl": "/lane.fifo", "MessageBody": "x"})
    assert bodies(queues, "plain") == []
