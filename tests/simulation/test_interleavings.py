"""Conflicting actions at once, in any order of their AWS calls, end like one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.corrupted_writes import Corruption, corrupted, without_conditions
from tests.simulation.interleaved_threads import drawn_choices, run_interleaved
from tests.simulation.interleavings import Pair
from tests.simulation.race_state import Action, RaceState
from tests.simulation.random_actions import SERVICES
from tests.support.declarations import scenarios_file
from tests.support.depth import depth
from tests.support.silence import without_logs
from tests.support.world import World, opened

_CHUNKS = 8
#: Orders of each pair; a pair with fewer is tried in all.
_INTERLEAVINGS = depth(80, 2_500)
#: All chunks together try ten thousand orders.
_MIN_PER_CHUNK = 10_000 // _CHUNKS
_MIN_PAIRS = 176
_WRITE_NOTHING = {"/orders/quote"}


@pytest.fixture
def state(fast_world: World) -> Iterator[RaceState]:
    with without_logs():
        yield RaceState(fast_world)


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_conflicting_actions_end_like_one_after_the_other(state: RaceState, chunk: int) -> None:
    pairs = state.conflicts()
    assert len(pairs) >= _MIN_PAIRS
    assert sum(Pair(state, pair).check(_INTERLEAVINGS).tried for pair in pairs[chunk::_CHUNKS]) >= _MIN_PER_CHUNK


def test_every_mutating_route_has_an_action(state: RaceState) -> None:
    raced = {action.name.partition(", ")[0] for action in state.actions()}
    missing = [
        f"declare a race of {service} {operation.method} {operation.path} in {scenarios_file(service)}"
        for service in SERVICES
        for operation in state.world.app(service).operations
        if operation.method != "GET" and operation.path not in _WRITE_NOTHING
        if f"{service} {operation.method} {operation.path}" not in raced
    ]
    assert not missing, "\n".join(missing)


def test_moto_ends_in_the_same_states() -> None:
    with without_logs(), opened() as world:
        state = RaceState(world)
        pairs = state.conflicts()[:: depth(60, 5)]
        assert sum(Pair(state, pair).check(depth(4, 30)).tried for pair in pairs) >= len(pairs)


def test_same_choices_give_the_same_course(state: RaceState) -> None:
    (first, second) = next(pair for pair in state.conflicts() if pair[0] is not pair[1])
    courses = []
    for _ in range(2):
        state.restore()
        runs = [lambda action=action: action.run(state.world) for action in (first, second)]
        courses.append(run_interleaved(runs, drawn_choices([1, 0, 1, 1, 0])))
    assert courses[0] == courses[1]
    assert courses[0].choices[:5] == (1, 0, 1, 1, 0)


# ---- detection ----

_ORDERS, _STOCK, _LEDGER = "orders POST /orders", "orders POST /stock", "reconciliation POST /journals/{journal_id}"
#: Mistakes that no action alone shows, and the actions that show them. Most need two mistakes: a version, and that an
#: event is published once.
CORRUPTIONS: dict[str, tuple[Corruption, set[str]]] = {
    "an order is changed without its version": (
        without_conditions("ORDERS#"),
        {f"{_ORDERS}/{{order_id}}/approve", f"{_ORDERS}/{{order_id}}/reject"},
    ),
    "goods received during a count are lost": (
        without_conditions("BUCKET#"),
        {f"{_STOCK}/adjustments, count", f"{_STOCK}/goods-receipts"},
    ),
    "two orders get one number": (without_conditions("ORDER"), {_ORDERS, f"{_ORDERS}, urgent"}),
    "a delivery note counts twice": (
        without_conditions("STOCK#"),
        {f"{_STOCK}/goods-receipts", f"{_STOCK}/goods-receipts, by another user"},
    ),
    "a journal is reversed twice": (
        without_conditions("LEDGER#"),
        {f"{_LEDGER}/reversal", f"{_LEDGER}/reversal, by another user"},
    ),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_interleavings_find_a_corruption(state: RaceState, name: str) -> None:
    corruption, actions = CORRUPTIONS[name]
    pairs = [pair for pair in state.conflicts() if {action.name for action in pair} <= actions]
    assert pairs, actions
    assert any(_is_found(state, pair, corruption) for pair in pairs)


def _is_found(state: RaceState, actions: tuple[Action, Action], corruption: Corruption) -> bool:
    pair = Pair(state, actions)
    try:
        with corrupted(corruption):
            pair.check(40)
    except Exception:
        return True
    return False
