"""What must hold, after every delivery and in the end; whatever does not is an AssertionError that says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tests.fast_aws.items import Item, Key
from tests.support.world import World
from tools.audit import ALWAYS, Snapshot, check_rules, findings

_AT_ONCE = timedelta(0)


def at_every_moment(world: World) -> None:
    """Cheap enough for every step: no counter of pieces is below zero."""
    buckets = ((pk, row) for pk, row in world.cloud.partitions().items() if pk.startswith("BUCKET#"))
    for pk, row in buckets:
        for sk, item in row.items():
            below = [name for name, value in item.items() if "L" in value and _below_zero(value["L"])]
            assert not below, f"{pk} {sk}: {below} below zero"


def _below_zero(row: Iterable[dict[str, str]]) -> bool:
    return any(value["N"].startswith("-") for value in row)


def now_and_then(world: World) -> None:
    """All that holds between any two calls."""
    found = list(check_rules(snapshot(world), ALWAYS))
    assert not found, "\n".join(map(str, found))


def when_quiet(world: World, poison: Iterable[str]) -> None:
    """Nothing waits, nothing was given up but the poison, and every invariant holds with nothing left to come."""
    assert sorted(letter.body for letter in world.dead_letters()) == sorted(poison), world.dead_letters()
    waiting = {name: world.cloud.message_bodies(name) for name in world.cloud.queue_names() if "-dlq" not in name}
    assert not any(waiting.values()), waiting
    assert not invariants(world), invariants(world)
    undecided = [key for key, item in world.cloud.rows() if item.get("state") == {"S": "submitted"}]
    assert not undecided, f"stock was never decided: {undecided}"


def invariants(world: World) -> str:
    """Everything the audit finds now that nothing is on its way any more, a line each."""
    return "\n".join(map(str, findings(snapshot(world), patience=_AT_ONCE, now=world.clock.moment)))


def nothing_changed(before: dict[Key, Item], world: World) -> None:
    """What was delivered again made no difference."""
    after = dict(world.cloud.rows())
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    details = [f"{key}: {before.get(key)} -> {after.get(key)}" for key in sorted(changed)]
    assert not changed, "\n".join(details)


def snapshot(world: World) -> Snapshot:
    """The world's table as the audit wants it."""
    return Snapshot.of(item for _, item in world.cloud.rows())
