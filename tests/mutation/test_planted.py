"""Every planted bug is caught by the test that is there for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.depth import depth
from tests.mutation.bugs import BUGS
from tests.mutation.nursery import Ground, Nursery, Outcome, nurseries
from tests.mutation.planting import Bug, Kind
from tools import paths

_SOAK = bool(depth(0, 1))
#: Every second one in each run, all of them in a soak.
_NOW = BUGS if _SOAK else BUGS[::2]
_FEWEST = 40
_FEWEST_OF_A_PART = 3
_SOME = 4


@pytest.fixture(scope="module")
def nursery() -> Iterator[Callable[[Ground], Nursery]]:
    with nurseries() as of:
        yield of


@pytest.mark.parametrize("bug", _NOW, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught_by_its_test(bug: Bug, nursery: Callable[[Ground], Nursery]) -> None:
    verdict = nursery(Ground.of(bug)).verdict(bug)
    assert verdict.outcome is Outcome.CAUGHT, f"{bug.caught_by}: {verdict.detail}"


@pytest.mark.parametrize("ground", Ground)
def test_where_no_bug_is_planted_nothing_is_caught(ground: Ground, nursery: Callable[[Ground], Nursery]) -> None:
    """Of some tests, run just like that; that all of them pass without a bug is what the suite shows anyway."""
    tests = sorted({bug.caught_by for bug in BUGS if Ground.of(bug) is ground})
    verdict = nursery(ground).unspoilt(tests if _SOAK else tests[:: len(tests) // _SOME])
    assert verdict.outcome is Outcome.MISSED, verdict.detail


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_as_the_code_stands_now(bug: Bug) -> None:
    assert bug.old != bug.new
    compile(bug.source, bug.file, "exec")


def test_there_are_bugs_of_every_kind_in_every_part_and_no_two_alike() -> None:
    assert len(BUGS) >= _FEWEST
    assert {bug.kind for bug in BUGS} == set(Kind)
    assert not [name for name, times in Counter(bug.name for bug in BUGS).items() if times > 1]
    assert not [name for name, times in Counter((bug.file, bug.old, bug.new) for bug in BUGS).items() if times > 1]
    parts = ["kernel/", *(f"{paths.module(service).replace('.', '/')}/" for service in paths.services())]
    few = [part for part in parts if sum(bug.file.startswith(part) for bug in BUGS) < _FEWEST_OF_A_PART]
    assert not few, few
