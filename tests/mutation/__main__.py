"""`python -m tests.mutation`: apply the mutations one after another and show the result of each."""

from __future__ import annotations

import sys

from tests.mutation.anchors import broken_anchors
from tests.mutation.forked_runner import forked_runners
from tests.mutation.mutations import MUTATIONS
from tests.mutation.verdict import Outcome


def main() -> None:
    """Run all mutations, or those whose name, target or test contains one of the words.

    `--check` runs no test and shows only the mutations that do not find their code or their test.
    """
    words = [word for word in sys.argv[1:] if word != "--check"]
    chosen = [
        mutation
        for mutation in MUTATIONS
        if not words or any(word in f"{mutation.name} {mutation.target} {mutation.caught_by}" for word in words)
    ]
    if "--check" in sys.argv:
        broken = list(broken_anchors(chosen))
        print("\n\n".join(broken) or f"all {len(chosen)} mutations find their code and their test")
        sys.exit(bool(broken))
    caught = 0
    seconds = 0.0
    with forked_runners() as runner_of:
        for mutation in chosen:
            verdict = runner_of(mutation).run_mutation(mutation)
            seconds += verdict.seconds
            caught += verdict.outcome is Outcome.CAUGHT
            print(
                f"{verdict.outcome:<9}{verdict.seconds:5.1f} s  {mutation.name}\n         {verdict.detail}", flush=True
            )
    print(f"{caught} of {len(chosen)} caught in {seconds:.0f} s")
    sys.exit(caught < len(chosen))


if __name__ == "__main__":
    main()
