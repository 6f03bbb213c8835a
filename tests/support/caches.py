"""Caches that a process fills while it runs."""

from __future__ import annotations

from kernel.store import aws, cursors
from reads.cache import forget_all


def clear_process_caches() -> None:
    """Empty all caches, as in a new process."""
    forget_all()
    aws.queue_url.cache_clear()
    cursors._box.cache_clear()
    cursors._keys.cache_clear()
