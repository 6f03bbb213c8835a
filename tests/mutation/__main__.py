"""`python -m tests.mutation`: plant the bugs one after another and tell what became of each."""

from __future__ import annotations

import sys

from tests.mutation.bugs import BUGS
from tests.mutation.nursery import Ground, Outcome, nurseries


def main() -> None:
    """Those whose name, file or test holds one of the words given, or all."""
    words = sys.argv[1:]
    chosen = [
        bug for bug in BUGS if not words or any(word in f"{bug.name} {bug.file} {bug.caught_by}" for word in words)
    ]
    left = 0
    seconds = 0.0
    with nurseries() as nursery:
        for bug in chosen:
            verdict = nursery(Ground.of(bug)).verdict(bug)
            seconds += verdict.seconds
            left += verdict.outcome is not Outcome.CAUGHT
            print(f"{verdict.outcome:<7}{verdict.seconds:5.1f} s  {bug.name}\n        {verdict.detail}", flush=True)
    print(f"{len(chosen) - left} of {len(chosen)} caught in {seconds:.0f} s")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
