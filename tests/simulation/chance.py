"""Whatever is drawn by lot in the process comes from a seed, and nobody sleeps."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import ulid

from infra.relay import relay
from kernel.store import cursors
from reads.cache import forget_all


@contextmanager
def drawn_from(seed: int) -> Iterator[random.Random]:
    """Let identifiers, tokens and pauses be drawn from this seed; gives a source of its own to who plays."""
    source = random.Random(f"process {seed}")
    with (
        patch.object(os, "urandom", source.randbytes),
        patch.object(ulid, "default_generator", ulid.ULIDGenerator()),
        patch.object(time, "sleep", _without_sleeping),
    ):
        random.seed(seed)
        new_process()
        yield random.Random(seed)


def _without_sleeping(_: float) -> None: ...


def new_process() -> None:
    """Forget what a process has found out while it lived."""
    forget_all()
    relay._queue_url.cache_clear()
    cursors._box.cache_clear()
