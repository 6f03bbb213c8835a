"""Check the invariants of a stage against what really stands in its table and queues (reliability.md 3).

One library for whoever has a table before it: `qudao audit` reads a stage's, a simulation its own:

    findings(Snapshot.of(raw_items))                          # the system may have been seen at work
    findings(Snapshot.of(raw_items), patience=timedelta(0))   # it is quiet: nothing may be on its way any more
    findings(Snapshot.of(raw_items), patience=None)           # what holds at every moment, between any two writes
    nothing_is_rewritten(earlier, later)                      # what is only added to was only added to

Each rule is a small function over a snapshot that begins with the name of its formula.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from kernel.time import clock
from tools.audit import credit, events, ledger, notifications, orders, shipments, stock, tenancy, tickets
from tools.audit.changes import nothing_is_rewritten
from tools.audit.delivery import dead_letter_findings
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot, dead_letters, snapshot

__all__ = [
    "ALWAYS",
    "WHEN_DUE",
    "Finding",
    "Snapshot",
    "audit",
    "broken",
    "findings",
    "nothing_is_rewritten",
    "snapshot",
]

#: What follows from an event has followed after this time; the sweeper of unsent events looks every minute.
PATIENCE = timedelta(minutes=3)
_SECOND_LOOK_AFTER_SECONDS = 5

Rule = Callable[[Snapshot], Iterator[Finding]]
#: Also takes the stamp before which everything has had its effects.
DueRule = Callable[[Snapshot, str], Iterator[Finding]]

#: These hold at every moment.
ALWAYS: tuple[Rule, ...] = (
    *stock.ALWAYS,
    *orders.ALWAYS,
    *shipments.ALWAYS,
    *events.ALWAYS,
    *ledger.ALWAYS,
    *credit.ALWAYS,
    *tickets.ALWAYS,
    *notifications.ALWAYS,
    *tenancy.ALWAYS,
)
#: These hold of whatever happened long enough ago.
WHEN_DUE: tuple[DueRule, ...] = (
    *orders.WHEN_DUE,
    *shipments.WHEN_DUE,
    *events.WHEN_DUE,
    *ledger.WHEN_DUE,
    *credit.WHEN_DUE,
    *notifications.WHEN_DUE,
)


def audit(stage: str, pause: Callable[[float], None] = time.sleep) -> list[Finding]:
    """Everything that is wrong with a stage; empty when all invariants hold.

    What moves while it is read may look wrong, so what is found is looked at once more.
    """
    found = _look(stage)
    if found:
        pause(_SECOND_LOOK_AFTER_SECONDS)
        still = set(_look(stage))
        found = [finding for finding in found if finding in still]
    return found


def _look(stage: str) -> list[Finding]:
    return [*findings(snapshot(stage)), *dead_letter_findings(dead_letters(stage))]


def findings(
    table: Snapshot, *, patience: timedelta | None = PATIENCE, now: datetime | None = None
) -> Iterator[Finding]:
    """Everything that is wrong with what stands in a table.

    Args:
        patience: how long what follows from an event may take; None does not ask for what follows at all.
        now: the moment of the table, this one unless told.
    """
    yield from broken(table, ALWAYS)
    if patience is not None:
        due = clock.stamp((now or clock.now()) - patience)
        yield from broken(table, [_bound(rule, due) for rule in WHEN_DUE])


def broken(table: Snapshot, rules: Iterable[Rule]) -> Iterator[Finding]:
    """What these rules find. An item so damaged that a rule cannot read it is a finding, and hides no other."""
    for rule in rules:
        try:
            yield from rule(table)
        except Exception as error:
            yield Finding("unreadable", rule.__name__, f"{type(error).__name__}: {error}")


def _bound(rule: DueRule, due: str) -> Rule:
    def when_due(table: Snapshot) -> Iterator[Finding]:
        yield from rule(table, due)

    when_due.__name__ = rule.__name__
    return when_due
