"""Fixtures of all tests. tests/support/world.py describes the world."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.fault_injection.run_count import RunCount
from tests.support import world as worlds
from tests.support.functions import no_network

# Moto, botocore and the services are many objects, and looking through them for garbage takes an eighth of a run.
gc.set_threshold(50_000, 20, 20)

# The same examples in every run, however busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


#: Folders whose tests share something costly, which would otherwise be made once in every process.
_TOGETHER = {"deployed", "packaging"}
#: Folders whose tests are long and share nothing: a free process takes the next test.
_APART = {"fault_injection", "simulation"}


class _Scheduling(LoadScopeScheduling):
    """Run the tests of a file in one process, because a world opened for a whole file excludes others beside it."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.split("::", 1)[0])
        if file.parent.name in _APART:
            return nodeid
        return file.parent.name if file.parent.name in _TOGETHER else str(file)


def pytest_configure(config: pytest.Config) -> None:
    """Let what all processes report be counted where it comes together."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(RunCount())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """With `-n 2`, as `make test` has it."""
    return _Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with no_network():
        yield


@pytest.fixture
def world() -> Iterator[worlds.World]:
    """The whole system, fresh, with nothing in it."""
    with worlds.opened() as world:
        yield world


@pytest.fixture
def fast_world() -> Iterator[worlds.World]:
    """The same on our own small AWS (tests/fast_aws), in a twentieth of the time."""
    with worlds.opened(fast=True) as world:
        yield world
