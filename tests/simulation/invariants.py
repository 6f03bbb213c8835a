"""Rules that hold after every step of a run and in the end; a broken rule is an AssertionError that names it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tests.fast_aws.cloud import Partitions, replaced_items
from tests.support.snapshots import snapshot
from tests.support.world import World
from tools.audit import ALWAYS, check_rules, findings

_NO_DELAY = timedelta(0)


def check_counters(world: World) -> None:
    """Check that no counter of pieces is negative; fast enough for every step.

    Available pieces are below zero while a shortage of the warehouse is open; of which SKUs, the audit checks.
    """
    buckets = ((pk, row) for pk, row in world.cloud.partitions().items() if pk.startswith("BUCKET#"))
    for pk, row in buckets:
        for sk, item in row.items():
            short = world.find((f"STOCK#{pk.removeprefix('BUCKET#')}#SHORTAGE", "OPEN")) is not None
            allowed = {"available"} if short else set()
            counters = {name: value["L"] for name, value in item.items() if "L" in value and name not in allowed}
            negative = [name for name, row in counters.items() if _has_negative(row)]
            assert not negative, f"{pk} {sk}: {negative} below zero"


def _has_negative(row: Iterable[dict[str, str]]) -> bool:
    return any(value["N"].startswith("-") for value in row)


def check_always(world: World) -> None:
    """Check the audit rules that hold between any two AWS calls."""
    found = list(check_rules(snapshot(world), ALWAYS))
    assert not found, "\n".join(map(str, found))


def check_end(world: World, poison: Iterable[str]) -> None:
    """Check that no message is left, only the poison is dead, every audit rule holds, and every order is decided."""
    assert sorted(letter.body for letter in world.dead_letters()) == sorted(poison), world.dead_letters()
    left = {name: world.cloud.message_bodies(name) for name in world.cloud.queue_names() if "-dlq" not in name}
    assert not any(left.values()), left
    assert not audit(world), audit(world)
    undecided = [key for key, item in world.cloud.rows() if item.get("state") == {"S": "submitted"}]
    assert not undecided, f"stock was never decided: {undecided}"


def audit(world: World) -> str:
    """Return all findings of the audit when no message is left, a line each."""
    return "\n".join(map(str, findings(snapshot(world), patience=_NO_DELAY, now=world.clock.moment)))


def check_unchanged(before: Partitions, world: World) -> None:
    """Check that a second delivery of every message changed nothing."""
    changes = [change for change in replaced_items(before, world.cloud.partitions()) if change[1] != change[2]]
    details = sorted(f"{key}: {old} -> {new}" for key, old, new in changes)
    assert not changes, "\n".join(details)
