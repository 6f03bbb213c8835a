"""Run seeds of the random simulation from the command line."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from multiprocessing import Pool, cpu_count

from tests.simulation.random_run import run_seed
from tests.simulation.starting_states import StartingStates
from tests.support.silence import without_logs
from tests.support.world import opened

_CHUNK = 100


def main() -> int:
    """Run the seeds; return 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run one seed")
    parser.add_argument("--seeds", help="run many: 0-9999")
    parser.add_argument("--steps", action="store_true", help="print every step of the one seed")
    arguments = parser.parse_args()
    if arguments.seeds:
        first, _, last = arguments.seeds.partition("-")
        return _run_many(int(first), int(last or first))
    return _run_one(arguments.seed or 0, steps=arguments.steps)


def _run_one(seed: int, *, steps: bool) -> int:
    with without_logs(), opened(fast=True) as world:
        try:
            outcome = run_seed(StartingStates(world), seed, print if steps else None)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            return 1
    print(f"seed {seed}: trace {outcome.hash}, {outcome.orders} orders, {outcome.calls} AWS calls")
    return 0


def _run_many(first: int, last: int) -> int:
    began = time.monotonic()
    failed: list[int] = []
    calls = 0
    with Pool(cpu_count()) as pool:
        chunks = [(start, min(start + _CHUNK, last + 1)) for start in range(first, last + 1, _CHUNK)]
        for chunk_calls, failures in pool.imap_unordered(_run_chunk, chunks):
            calls += chunk_calls
            for seed, error in failures:
                print(f"seed {seed}: {error}", flush=True)
                failed.append(seed)
    seconds = time.monotonic() - began
    print(f"{last - first + 1} seeds, {calls} AWS calls in {seconds:.0f} s; failed: {sorted(failed) or 'none'}")
    return 1 if failed else 0


def _run_chunk(seeds: tuple[int, int]) -> tuple[int, list[tuple[int, str]]]:
    """Run the seeds from the first up to before the second; return the AWS calls, and failed seeds with their error."""
    failures: list[tuple[int, str]] = []
    calls = 0
    with without_logs(), opened(fast=True) as world:
        states = StartingStates(world)
        for seed in range(*seeds):
            try:
                calls += run_seed(states, seed).calls
            except Exception as error:
                failures.append((seed, f"{type(error).__name__}: {error}"[:600]))
    return calls, failures


if __name__ == "__main__":
    sys.exit(main())
