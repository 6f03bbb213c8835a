"""Ten thousand seeds in every run; and proof that the play is awake: a spoilt one shows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.simulation.places import Stage
from tests.simulation.play import Outcome, play
from tests.simulation.quiet import silent
from tests.simulation.spoiling import Spoil, spoiling, without, without_conditions
from tests.support import faults
from tests.support.depth import depth
from tests.support.world import World

_CHUNKS = 20
_SEEDS = depth(10_000, 250_000)


@pytest.fixture
def stage(fast_world: World) -> Iterator[Stage]:
    with silent():
        yield Stage(fast_world)


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_whatever_happens_in_whatever_order_with_whatever_faults_it_ends_well(stage: Stage, chunk: int) -> None:
    size = _SEEDS // _CHUNKS
    taken = Counter[str]()
    for seed in range(chunk * size, (chunk + 1) * size):
        outcome = _played(stage, seed)
        taken["orders"] += outcome.orders
        taken.update(outcome.faults)
    # Not by standing still: orders were taken, and every kind of fault happened.
    assert taken["orders"] > size
    assert taken.keys() >= {str(kind) for kind in faults.Kind}


def _played(stage: Stage, seed: int) -> Outcome:
    try:
        return play(stage, seed)
    except Exception as error:
        raise AssertionError(f"python -m tests.simulation --seed {seed} --steps") from error


def test_a_seed_plays_the_same_again_and_in_another_process(stage: Stage) -> None:
    first = [play(stage, seed) for seed in range(5)]
    assert [play(stage, seed) for seed in range(5)] == first
    command = [sys.executable, "-m", "tests.simulation", "--seed", "4"]
    elsewhere = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": "7"}
    )
    assert f"trace {first[4].hash}," in elsewhere.stdout
    assert len({outcome.hash for outcome in first}) == len(first)


# ---- awake ----

#: What a mistake in the services would come to.
SPOILED: dict[str, Spoil] = {
    "stock is taken without looking whether it is there": without_conditions("BUCKET#"),
    "a repeated request is done again": without_conditions("IDEMPOTENCY#"),
    "a payment counts as often as it is told": without_conditions("ORDERING#", "LEDGER_EVENT#"),
    "what happened to an order is not announced": without("ORDERS#", "EVENT#"),
    "goods that came in are not put on a bucket": without("BUCKET#", ""),
    "money that was committed is not written down": without("ORDERING#", "ACCOUNT"),
    "what is booked does not move the account": without("LEDGER#", "ACCOUNTS"),
    "who waits is not put in line": without("STOCK#GZ#BACKORDERS", ""),
    "a message is not counted as unread": without("INBOX#", "COUNT"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_spoiled_is_found(stage: Stage, what: str) -> None:
    for seed in range(200):
        try:
            with spoiling(SPOILED[what]):
                play(stage, seed)
        except Exception:
            return
    raise AssertionError(f"nobody noticed: {what}")
