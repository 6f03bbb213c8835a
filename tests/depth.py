"""How far a search goes: a share of it in every test run, more with `make search`, all of it under `make soak`."""

from __future__ import annotations

import os


def depth(each_run: int, soak: int, search: int | None = None) -> int:
    """How many, now. `SOAK=1` asks for `soak`, any greater number for that many times it; `SEARCH=1` for `search`."""
    times = int(os.environ.get("SOAK", "0"))
    if times:
        return soak * times
    return search if search and os.environ.get("SEARCH") else each_run
