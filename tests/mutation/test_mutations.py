"""Every mutation is caught by the test that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.mutation.definitions import find_test
from tests.mutation.forked_runner import ForkedRunner, Preloaded, forked_runners
from tests.mutation.mutation import Kind, Mutation
from tests.mutation.mutations import MUTATIONS
from tests.mutation.verdict import Outcome
from tests.support.depth import depth
from tools import paths

_IS_SOAK = bool(depth(0, 1))
#: Half of them in every run, all of them in a soak.
_CHOSEN = MUTATIONS if _IS_SOAK else MUTATIONS[::2]
_MIN_MUTATIONS = 155
_MIN_PER_PART = 3
_UNCHANGED_TESTS = 4


@pytest.fixture(scope="module")
def runner_of() -> Iterator[Callable[[Mutation], ForkedRunner]]:
    with forked_runners() as runner_of:
        yield runner_of


@pytest.mark.parametrize("mutation", _CHOSEN, ids=lambda mutation: mutation.name)
def test_mutation_is_caught_by_its_test(mutation: Mutation, runner_of: Callable[[Mutation], ForkedRunner]) -> None:
    verdict = runner_of(mutation).run_mutation(mutation)
    assert verdict.outcome is Outcome.CAUGHT, f"{mutation.place} {mutation.caught_by}: {verdict.detail}"


@pytest.mark.parametrize("preloaded", Preloaded)
def test_unchanged_code_passes_the_tests_of_mutations(
    preloaded: Preloaded, runner_of: Callable[[Mutation], ForkedRunner]
) -> None:
    """Some tests suffice: the suite shows that all of them pass."""
    mutations = [mutation for mutation in MUTATIONS if Preloaded.for_mutation(mutation) is preloaded]
    tests = sorted({find_test(mutation.caught_by) for mutation in mutations})
    verdict = runner_of(mutations[0]).run_unchanged(tests if _IS_SOAK else tests[:: len(tests) // _UNCHANGED_TESTS])
    assert verdict.outcome is Outcome.SURVIVED, verdict.detail


def test_mutations_cover_every_kind_and_every_service() -> None:
    assert len(MUTATIONS) >= _MIN_MUTATIONS
    assert {mutation.kind for mutation in MUTATIONS} == set(Kind)
    packages = ["kernel", *map(paths.module, paths.services())]
    few = [
        package
        for package in packages
        if sum(f"{mutation.target}.".startswith((f"{package}.", f"{package}:")) for mutation in MUTATIONS)
        < _MIN_PER_PART
    ]
    assert not few, few


def test_mutations_differ_in_name_and_change() -> None:
    names = Counter(mutation.name for mutation in MUTATIONS)
    changes = Counter((mutation.target, mutation.old, mutation.new) for mutation in MUTATIONS)
    assert not [name for name, times in (names + changes).items() if times > 1]
