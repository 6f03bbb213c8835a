"""Two actions at once, in every order in which their AWS calls can come, or in as many orders as a test asks for.

The result must be that of one after the other: of two actions that exclude each other one succeeds, a request sent
twice takes effect once, and no change is lost between a read and a write. A refused action runs once more in either
case, for "busy" and "changed meanwhile" ask the client to try again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from random import Random
from typing import Any, NamedTuple

from tests.fast_aws.cloud import Partitions, replaced_items
from tests.fast_aws.items import Item, Key
from tests.simulation.interleaved_threads import drawn_choices, run_interleaved
from tests.simulation.invariants import audit
from tests.simulation.race_state import Action, RaceState
from tests.simulation.seeded import seeded
from tests.support.world import World

_CHOICES = 64
_MAX_MISSES = 40
_SUCCEEDED = ("2", "taken", "ran")
_RANDOM_PARTS = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{64}|message-\d+|event-\d+")


class Verdict(NamedTuple):
    """Number of orders tried, and number of different states they led to."""

    tried: int
    states: int


class Pair:
    """Two actions in the race state."""

    def __init__(self, state: RaceState, actions: tuple[Action, Action]) -> None:
        self._state = state
        self._world = state.world
        self._actions = actions
        self._right: set[str] = set()
        self._serial = {self._run_serially(actions), self._run_serially(actions[::-1])}

    def check(self, interleavings: int, seed: int = 0) -> Verdict:
        """Try so many different orders, or all if there are fewer.

        Raises:
            AssertionError: a result is that of neither serial order, or breaks an audit rule.
        """
        tried: set[tuple[int, ...]] = set()
        for choices in _different_choices(Random(seed), interleavings, tried):
            self._state.restore()
            with seeded(1):
                runs = [lambda action=action: action.run(self._world) for action in self._actions]
                course = run_interleaved(runs, drawn_choices(choices))
                tried.add(course.choices)
                self._check_result(course.results, f"{self._actions[0]} | {self._actions[1]}, order {course.choices}")
        return Verdict(len(tried), len(self._right))

    def _check_result(self, answers: Sequence[str], about: str) -> None:
        state = digest(self._world, self._state.partitions)
        if state in self._right:
            return
        self._run_refused_again(answers)
        self._world.drain()
        found = audit(self._world)
        assert not found, f"{about}: {answers}\n{found}"
        result = business_state(self._world)
        assert result in self._serial, f"{about}: {answers}\n{_differences(result, self._serial)}"
        self._right.add(state)

    def _run_serially(self, actions: Sequence[Action]) -> tuple[Any, ...]:
        self._state.restore()
        with seeded(1):
            answers = {action.name: action.run(self._world) for action in actions}
            self._run_refused_again([answers[action.name] for action in self._actions])
            self._world.drain()
            return business_state(self._world)

    def _run_refused_again(self, answers: Sequence[str]) -> None:
        for action, answer in zip(self._actions, answers, strict=True):
            assert not answer.startswith("500"), f"{action}: {answer}"
            if not answer.startswith(_SUCCEEDED):
                action.run(self._world)


def _different_choices(random: Random, most: int, tried: set[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Yield random choices that lead to an order not tried yet; the caller fills `tried`. Stop when all are tried."""
    misses = 0
    while len(tried) < most and misses < _MAX_MISSES:
        choices = tuple(random.randrange(2) for _ in range(_CHOICES))
        if any(choices[:length] in tried for length in range(_CHOICES + 1)):
            misses += 1
        else:
            misses = 0
            yield choices


def _differences(result: tuple[Any, ...], serial: set[tuple[Any, ...]]) -> str:
    return "\n".join(
        f"only interleaved: {sorted(set(result) - set(other), key=str)}; "
        f"only one after the other: {sorted(set(other) - set(result), key=str)}"
        for other in serial
    )


# ---- results ----


def digest(world: World, before: Partitions) -> str:
    """Return a hash of the changed items and the queues, without moments and random ids."""
    changed = [
        f"{key} {item or 'removed'}"
        for key, _, item in sorted(replaced_items(before, world.cloud.partitions()), key=itemgetter(0))
    ]
    queues = [f"{name} {world.cloud.message_bodies(name)}" for name in world.cloud.queue_names()]
    return sha256("\n".join(map(_without_random_parts, [*changed, *queues])).encode()).hexdigest()


@lru_cache(maxsize=20_000)
def _without_random_parts(text: str) -> str:
    # The orders of a pair lead to few different items and messages: of 100 texts, 99 were seen before.
    return _RANDOM_PARTS.sub("-", text)


def business_state(world: World) -> tuple[Any, ...]:
    """Return orders, stock buckets, committed credit and balances; without moments and document numbers."""
    return tuple(sorted(_business_values(dict(world.cloud.rows())), key=str))


def _business_values(rows: Mapping[Key, Item]) -> Iterator[Any]:
    for (pk, sk), item in rows.items():
        kind = item.get("kind", {}).get("S")
        if kind == "order":
            names = ("state", "reserved", "backordered", "shipped", "cancelled", "gross_fen")
            # The first order gets the lower number, so the number is no part of the result.
            yield "order", pk, tuple(next(iter(item[name].values())) for name in names if name in item)
        elif pk.startswith("BUCKET#"):
            yield pk, sk, str({name: value for name, value in item.items() if "L" in value})
        elif sk == "ACCOUNTS" or (pk.startswith("ORDERING#") and sk == "ACCOUNT"):
            yield pk, sk, str(sorted((name, value) for name, value in item.items() if "N" in value))
