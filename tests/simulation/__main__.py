"""Play seeds from the command line."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from multiprocessing import Pool, cpu_count

from tests.simulation.places import Stage
from tests.simulation.play import play
from tests.simulation.quiet import silent
from tests.support.world import opened

_CHUNK = 100


def main() -> int:
    """Play what is asked for; 1 if any seed failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="play one seed")
    parser.add_argument("--seeds", help="play many: 0-9999")
    parser.add_argument("--steps", action="store_true", help="tell every step of the one seed")
    asked = parser.parse_args()
    if asked.seeds:
        first, _, last = asked.seeds.partition("-")
        return _many(int(first), int(last or first))
    return _one(asked.seed or 0, steps=asked.steps)


def _one(seed: int, *, steps: bool) -> int:
    with silent(), opened(fast=True) as world:
        try:
            outcome = play(Stage(world), seed, print if steps else None)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            return 1
    print(f"seed {seed}: trace {outcome.hash}, {outcome.orders} orders, {outcome.calls} AWS calls")
    return 0


def _many(first: int, last: int) -> int:
    began = time.monotonic()
    failed: list[int] = []
    calls = 0
    with Pool(cpu_count()) as pool:
        chunks = [(start, min(start + _CHUNK, last + 1)) for start in range(first, last + 1, _CHUNK)]
        for made, bad in pool.imap_unordered(_chunk, chunks):
            calls += made
            for seed, why in bad:
                print(f"seed {seed}: {why}", flush=True)
                failed.append(seed)
    took = time.monotonic() - began
    count = last - first + 1
    print(f"{count} seeds, {calls} AWS calls in {took:.0f} s; failed: {sorted(failed) or 'none'}")
    return 1 if failed else 0


def _chunk(seeds: tuple[int, int]) -> tuple[int, list[tuple[int, str]]]:
    """AWS calls made, and the seeds that failed with why."""
    bad: list[tuple[int, str]] = []
    calls = 0
    with silent(), opened(fast=True) as world:
        stage = Stage(world)
        for seed in range(*seeds):
            try:
                calls += play(stage, seed).calls
            except Exception as error:
                bad.append((seed, f"{type(error).__name__}: {error}"[:600]))
    return calls, bad


if __name__ == "__main__":
    sys.exit(main())
