"""Depth of a search: limited in every test run, deeper under `make soak`."""

from __future__ import annotations

import os


def depth(each_run: int, soak: int) -> int:
    """Return the number of runs. `SOAK=1` asks for `soak`, a greater number for that many times it."""
    times = int(os.environ.get("SOAK", "0"))
    return soak * times if times else each_run
