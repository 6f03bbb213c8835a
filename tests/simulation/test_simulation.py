"""Ten thousand seeds in every run; and proof that the play is awake: what is spoiled on purpose is found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from tests import faults
from tests.cloud import plane
from tests.cloud.plane import Answer, Layer, Place, Proceed, Request
from tests.depth import depth
from tests.simulation.places import Stage
from tests.simulation.play import Outcome, play
from tests.simulation.quiet import silent
from tests.world import World

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

Spoil = Callable[[Request], Request]


def _spoiling(spoil: Spoil) -> AbstractContextManager[None]:
    """Let every call be spoiled on its way: what a mistake in the services would send instead."""

    def layer(request: Request, proceed: Proceed) -> Answer:
        return proceed(spoil(request))

    spoiling: Layer = layer
    return plane.inserted(Place.HOLD_UP, spoiling)


def _without_conditions(pk: str, sk: str = "") -> Spoil:
    """Writes to these items are not conditional."""

    def spoil(act: dict[str, Any]) -> dict[str, Any]:
        key = act.get("Key") or act["Item"]
        if not (key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk) and "ConditionExpression" in act):
            return act
        told = {name: value for name, value in act.items() if name != "ConditionExpression"}
        used = act.get("UpdateExpression", "")
        for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            left = {name: value for name, value in act.get(names, {}).items() if _stands_in(name, used)}
            told.pop(names, None)
            if left:
                told[names] = left
        return told

    return _each_act(lambda kind, act: {kind: spoil(act)} if kind != "ConditionCheck" else {kind: act})


def _stands_in(name: str, expression: str) -> bool:
    words = expression.replace(",", " ").replace("[", " ").replace("(", " ").replace(")", " ").split()
    return name in words


def _without(pk: str, sk: str) -> Spoil:
    """Writes to these items are forgotten."""

    def left(kind: str, act: dict[str, Any]) -> dict[str, Any] | None:
        key = act.get("Key") or act["Item"]
        return None if key["pk"]["S"].startswith(pk) and key["sk"]["S"].startswith(sk) else {kind: act}

    return _each_act(left)


def _each_act(change: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> Spoil:
    def spoil(request: Request) -> Request:
        if request.operation != "TransactWriteItems":
            return request
        acts = [change(kind, act) for one in request.params["TransactItems"] for kind, act in one.items()]
        return replace(request, params=request.params | {"TransactItems": [act for act in acts if act]})

    return spoil


SPOILED: dict[str, Spoil] = {
    "stock is taken without looking whether it is there": _without_conditions("SHELF#"),
    "a repeated request is done again": _without_conditions("IDEMPOTENCY#"),
    "a payment counts as often as it is told": _without_conditions("ORDERING#", "FOLLOWED#"),
    "what happened to an order is not announced": _without("ORDERS#", "EVENT#"),
    "goods that came in are not put on a shelf": _without("SHELF#", ""),
    "money that was committed is not written down": _without("ORDERING#", "ACCOUNT"),
    "what is booked does not move the account": _without("LEDGER#", "ACCOUNTS"),
    "who waits is not put in line": _without("STOCK#GZ#LINE", ""),
    "a message is not counted as unread": _without("INBOX#", "COUNT"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_spoiled_is_found(stage: Stage, what: str) -> None:
    for seed in range(200):
        try:
            with _spoiling(SPOILED[what]):
                play(stage, seed)
        except Exception:
            return
    raise AssertionError(f"nobody noticed: {what}")
