"""How far a search goes: so far in every test run, further under `make soak`."""

from __future__ import annotations

import os


def depth(each_run: int, soak: int) -> int:
    """How many, now. `SOAK=1` asks for `soak`, any greater number for that many times it."""
    times = int(os.environ.get("SOAK", "0"))
    return soak * times if times else each_run
