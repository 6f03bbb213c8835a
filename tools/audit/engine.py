"""Engine of the audit: collect the rules of every service and check them against a snapshot."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from kernel.invariants.snapshot import DueRule, Finding, Rule, Snapshot
from kernel.store.items import Item
from kernel.time import clock
from tools import paths

#: Time in which every event must have had its effects; the sweeper of unsent events runs every minute.
PATIENCE = timedelta(minutes=3)
#: The one change of an event: when it is sent, it leaves the index of unsent events.
_INDEX_KEYS = ("gsi1pk", "gsi1sk")


def invariant_modules() -> list[ModuleType]:
    """Import the invariants of the kernel, of every service that has some, and those between services."""
    names = ["kernel.invariants"]
    names += [f"services.{folder.parent.name}.invariants" for folder in paths.ROOT.glob("services/*/app.py")]
    names.append("tools.audit.between_services")
    return [importlib.import_module(name) for name in sorted(names) if importlib.util.find_spec(name)]


def _collected(name: str) -> tuple[Any, ...]:
    return tuple(rule for module in invariant_modules() for rule in getattr(module, name, ()))


#: Rules that hold at every moment.
ALWAYS: tuple[Rule, ...] = _collected("ALWAYS")
#: Rules of effects that every event has after some time.
WHEN_DUE: tuple[DueRule, ...] = _collected("WHEN_DUE")
#: Kinds of items that never change after they are written.
WRITTEN_ONCE: tuple[type[Item], ...] = _collected("WRITTEN_ONCE")


def findings(
    snapshot: Snapshot, *, patience: timedelta | None = PATIENCE, now: datetime | None = None
) -> Iterator[Finding]:
    """Yield everything that is wrong with a snapshot.

    Args:
        patience: time that the effects of an event may take. Zero: the system is idle. None: do not check effects.
        now: moment of the snapshot, by default the present.
    """
    yield from check_rules(snapshot, ALWAYS)
    if patience is not None:
        due = clock.stamp((now or clock.now()) - patience)
        yield from check_rules(snapshot, [_with_due(rule, due) for rule in WHEN_DUE])


def check_rules(snapshot: Snapshot, rules: Iterable[Rule]) -> Iterator[Finding]:
    """Yield the findings of these rules. A rule that an unreadable item stops is a finding, and stops no other rule."""
    for rule in rules:
        try:
            yield from rule(snapshot)
        except Exception as error:
            yield Finding("unreadable", rule.__name__, f"{type(error).__name__}: {error}")


def changes_of_written_once_items(before: Snapshot, after: Snapshot) -> Iterator[Finding]:
    """Yield a finding for every item that is written once and is missing or changed in a later snapshot."""
    for kind in WRITTEN_ONCE:
        later = {(item.pk, item.sk): item for item in after.items(kind)}
        for item in before.items(kind):
            current = later.get((item.pk, item.sk))
            if current is None:
                yield Finding("rewritten", f"{item.pk} {item.sk}", "it is gone")
            elif changed := [name for name in kind.get_attributes() if _is_changed(name, item, current)]:
                yield Finding("rewritten", f"{item.pk} {item.sk}", f"changed: {', '.join(sorted(changed))}")


def _with_due(rule: DueRule, due: str) -> Rule:
    def due_rule(snapshot: Snapshot) -> Iterator[Finding]:
        yield from rule(snapshot, due)

    due_rule.__name__ = rule.__name__
    return due_rule


def _is_changed(name: str, before: Item, after: Item) -> bool:
    return name not in _INDEX_KEYS and getattr(before, name) != getattr(after, name)
