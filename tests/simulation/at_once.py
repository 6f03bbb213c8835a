"""Two acts at once, in every order in which their AWS calls can come, or in as many as are asked for.

What comes out must be what comes out when one is done after the other: so of two that exclude each other one wins, a
request sent twice is done once, and nothing is lost between a reading and a writing. Who was refused asks once more, in
either case, for to be told "busy" or "changed meanwhile" is no answer for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from tests.simulation.chance import drawn_from
from tests.simulation.demands import invariants
from tests.simulation.scene import Act, Scene, digest, essence
from tests.simulation.together import drawn, together

_LOTS = 64
_DONE = ("2", "taken", "ran")


class Verdict(NamedTuple):
    """How a pair went: the interleavings tried, and how many different states they led to."""

    tried: int
    ends: int


class Pair:
    """Two acts in a scene."""

    def __init__(self, scene: Scene, acts: tuple[Act, Act]) -> None:
        self._scene = scene
        self._world = scene.world
        self._acts = acts
        self._good: set[str] = set()
        self._serial = {self._one_after_the_other(acts), self._one_after_the_other(acts[::-1])}

    def check(self, interleavings: int, seed: int = 0) -> Verdict:
        """Try so many different interleavings, or all if there are fewer.

        Raises:
            AssertionError: what came of one can come of neither order, or breaks an invariant; says which.
        """
        tried: set[tuple[int, ...]] = set()
        for lots in _different(Random(seed), interleavings, tried):
            self._scene.reject_if_used()
            with drawn_from(1):
                course = together([lambda act=act: act.do(self._world) for act in self._acts], drawn(lots))
                tried.add(course.choices)
                self._judge(course.results, f"{self._acts[0]} | {self._acts[1]} in the order {course.choices}")
        return Verdict(len(tried), len(self._good))

    def _judge(self, answers: Sequence[str], which: str) -> None:
        came_to = digest(self._world, self._scene.rows)
        if came_to in self._good:
            return
        self._ask_again(answers)
        self._world.drain()
        found = invariants(self._world)
        assert not found, f"{which}: {answers}\n{found}"
        ended = essence(self._world)
        assert ended in self._serial, f"{which}: {answers}\n{_differences(ended, self._serial)}"
        self._good.add(came_to)

    def _one_after_the_other(self, acts: Sequence[Act]) -> tuple[Any, ...]:
        self._scene.reject_if_used()
        with drawn_from(1):
            answers = {act.name: act.do(self._world) for act in acts}
            self._ask_again([answers[act.name] for act in self._acts])
            self._world.drain()
            return essence(self._world)

    def _ask_again(self, answers: Sequence[str]) -> None:
        for act, answer in zip(self._acts, answers, strict=True):
            assert not answer.startswith("500"), f"{act}: {answer}"
            if not answer.startswith(_DONE):
                act.do(self._world)


def _different(lot: Random, most: int, tried: set[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Drawn lots that lead where none before did; `tried` is filled meanwhile. Gives up when nothing new is drawn."""
    misses = 0
    while len(tried) < most and misses < 40:
        lots = tuple(lot.randrange(2) for _ in range(_LOTS))
        if any(lots[:choices] in tried for choices in range(_LOTS + 1)):
            misses += 1
        else:
            misses = 0
            yield lots


def _differences(ended: tuple[Any, ...], serial: set[tuple[Any, ...]]) -> str:
    return "\n".join(
        f"only here: {sorted(set(ended) - set(one), key=str)}; only one after the other: "
        f"{sorted(set(one) - set(ended), key=str)}"
        for one in serial
    )
