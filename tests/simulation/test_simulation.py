"""Ten thousand seeds of the random simulation in every test run, and a proof that corrupted writes are found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.simulation.corrupted_writes import Corruption, corrupted, without_conditions, without_writes
from tests.simulation.random_run import run_seed
from tests.simulation.run_trace import Outcome
from tests.simulation.starting_states import StartingStates
from tests.support import faults
from tests.support.depth import depth
from tests.support.silence import without_logs
from tests.support.world import World

_CHUNKS = 20
_SEEDS = depth(10_000, 250_000)


@pytest.fixture
def states(fast_world: World) -> Iterator[StartingStates]:
    with without_logs():
        yield StartingStates(fast_world)


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_random_run_ends_with_every_rule_kept(states: StartingStates, chunk: int) -> None:
    size = _SEEDS // _CHUNKS
    seen = Counter[str]()
    for seed in range(chunk * size, (chunk + 1) * size):
        outcome = _outcome(states, seed)
        seen["orders"] += outcome.orders
        seen.update(outcome.faults)
    # The runs did something: orders were accepted, and every kind of fault happened.
    assert seen["orders"] > size
    assert seen.keys() >= {str(kind) for kind in faults.Kind}


def _outcome(states: StartingStates, seed: int) -> Outcome:
    try:
        return run_seed(states, seed)
    except Exception as error:
        raise AssertionError(f"python -m tests.simulation --seed {seed} --steps") from error


def test_seed_runs_the_same_in_every_process(states: StartingStates) -> None:
    first = [run_seed(states, seed) for seed in range(5)]
    assert [run_seed(states, seed) for seed in range(5)] == first
    command = [sys.executable, "-m", "tests.simulation", "--seed", "4"]
    elsewhere = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": "7"}
    )
    assert f"trace {first[4].hash}," in elsewhere.stdout
    assert len({outcome.hash for outcome in first}) == len(first)


# ---- detection ----

#: Mistakes in the services.
CORRUPTIONS: dict[str, Corruption] = {
    "stock is reserved without a check": without_conditions("BUCKET#"),
    "a repeated request takes effect again": without_conditions("IDEMPOTENCY#"),
    "a payment counts at every delivery": without_conditions("ORDERING#", "LEDGER_EVENT#"),
    "an event of an order is not stored": without_writes("ORDERS#", "EVENT#"),
    "received goods are not put on a bucket": without_writes("BUCKET#", ""),
    "committed credit is not stored": without_writes("ORDERING#", "ACCOUNT"),
    "a journal does not change the account": without_writes("LEDGER#", "ACCOUNTS"),
    "a backorder is not queued": without_writes("STOCK#GZ#BACKORDERS", ""),
    "a message is not counted as unread": without_writes("INBOX#", "COUNT"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_simulation_finds_a_corruption(states: StartingStates, name: str) -> None:
    for seed in range(200):
        try:
            with corrupted(CORRUPTIONS[name]):
                run_seed(states, seed)
        except Exception:
            return
    raise AssertionError(f"not found: {name}")
