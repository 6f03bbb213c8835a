"""Check the invariants of every service against the items of a table.

    findings(Snapshot.of(raw_items))                          # the system may be at work
    findings(Snapshot.of(raw_items), patience=timedelta(0))   # the system is idle: every event has had its effects
    findings(Snapshot.of(raw_items), patience=None)           # between any two writes
    changes_of_written_once_items(earlier, later)             # items that are written once have not changed
    audit(stage)                                              # table and dead-letter queues of a deployed stage

The rules are in `invariants` of every service and of the kernel; `engine.py` finds them there.
"""

from kernel.invariants.snapshot import Finding
from tools.audit.engine import (
    ALWAYS,
    WHEN_DUE,
    WRITTEN_ONCE,
    changes_of_written_once_items,
    check_rules,
    findings,
)
from tools.audit.snapshot import Snapshot
from tools.audit.stage import audit, read_stage

__all__ = [
    "ALWAYS",
    "WHEN_DUE",
    "WRITTEN_ONCE",
    "Finding",
    "Snapshot",
    "audit",
    "changes_of_written_once_items",
    "check_rules",
    "findings",
    "read_stage",
]
