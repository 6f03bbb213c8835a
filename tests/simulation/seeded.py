"""Randomness of the process from a seed; sleeping takes no time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import ulid

from tests.support.caches import clear_process_caches


@contextmanager
def seeded(seed: int) -> Iterator[random.Random]:
    """Draw identifiers, tokens and pauses from this seed; yield a separate source for the choices of the run."""
    source = random.Random(f"process {seed}")
    with (
        patch.object(os, "urandom", source.randbytes),
        patch.object(ulid, "default_generator", ulid.ULIDGenerator()),
        patch.object(time, "sleep", _without_sleeping),
    ):
        random.seed(seed)
        clear_process_caches()
        yield random.Random(seed)


def _without_sleeping(_: float) -> None: ...
