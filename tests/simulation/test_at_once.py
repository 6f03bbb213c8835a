"""Whatever conflicts, done at once in any order of its calls, comes to what one after the other would have come to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.at_once import Pair
from tests.simulation.quiet import silent
from tests.simulation.scene import Act, Scene
from tests.simulation.spoiling import Spoil, spoiling, without_conditions
from tests.simulation.together import drawn, together
from tests.support.depth import depth
from tests.support.world import World, opened

_CHUNKS = 8
#: Of each pair, or all it has if there are fewer; and in each chunk at least, so that there are ten thousand.
_INTERLEAVINGS = depth(250, 2_500)
_FEWEST = 10_000 // _CHUNKS


@pytest.fixture
def scene(fast_world: World) -> Iterator[Scene]:
    with silent():
        yield Scene(fast_world)


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_conflicting_acts_come_to_what_one_after_the_other_comes_to(scene: Scene, chunk: int) -> None:
    pairs = scene.conflicts()
    assert len(pairs) >= 40
    assert sum(Pair(scene, pair).check(_INTERLEAVINGS).tried for pair in pairs[chunk::_CHUNKS]) >= _FEWEST


def test_every_route_that_moves_goods_or_money_is_in_the_scene(scene: Scene) -> None:
    services = ("orders", "reconciliation")
    declared = {
        (service, f"{operation.method} {operation.path}")
        for service in services
        for operation in scene.world.app(service).operations
        if operation.method != "GET"
    }
    assert scene.routes() == declared


def test_on_moto_they_come_to_the_same() -> None:
    with silent(), opened() as world:
        scene = Scene(world)
        pairs = scene.conflicts()[:: depth(60, 5)]
        assert sum(Pair(scene, pair).check(depth(4, 30)).tried for pair in pairs) >= len(pairs)


def test_the_same_lots_give_the_same_course(scene: Scene) -> None:
    (one, other) = next(pair for pair in scene.conflicts() if pair[0] is not pair[1])
    courses = []
    for _ in range(2):
        scene.reject_if_used()
        courses.append(together([lambda act=act: act.do(scene.world) for act in (one, other)], drawn([1, 0, 1, 1, 0])))
    assert courses[0] == courses[1]
    assert courses[0].choices[:5] == (1, 0, 1, 1, 0)


# ---- awake ----

#: What one alone would never notice. Most of it takes two mistakes: a version, and that an event is told once.
SPOILED: dict[str, tuple[Spoil, set[str]]] = {
    "an order is changed whatever became of it meanwhile": (without_conditions("ORDERS#"), {"approve", "reject"}),
    "what came in during the count is counted away": (without_conditions("BUCKET#"), {"count", "receive"}),
    "two orders get one number": (without_conditions("ORDER"), {"submit", "submit urgently"}),
    "a delivery note counts twice": (without_conditions("STOCK#"), {"receive", "receive, somebody else"}),
    "a journal is taken back twice": (
        without_conditions("LEDGER#"),
        {"take a journal back", "take a journal back, somebody else"},
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_only_shows_at_once_is_found(scene: Scene, what: str) -> None:
    spoil, names = SPOILED[what]
    for pair in scene.conflicts():
        if {act.name for act in pair} <= names and _goes_wrong(scene, pair, spoil):
            return
    raise AssertionError(f"nobody noticed: {what}")


def _goes_wrong(scene: Scene, acts: tuple[Act, Act], spoil: Spoil) -> bool:
    pair = Pair(scene, acts)
    try:
        with spoiling(spoil):
            pair.check(40)
    except Exception:
        return True
    return False
