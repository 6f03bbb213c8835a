"""Invariants of queues: what was accepted is worked off, or lies where somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.audit.findings import Finding


def dead_letter_findings(depths: Mapping[str, int]) -> Iterator[Finding]:
    """E4: no dead-letter queue holds anything; `depths`: messages by queue."""
    for queue, messages in sorted(depths.items()):
        if messages:
            yield Finding("dead-letters", queue, f"{messages} messages were given up on; see `qudao dlq show {queue}`")
