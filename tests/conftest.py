"""Fixtures of all tests; what the world offers is told in tests/world.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import world as worlds


# The same examples in every run, however busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with worlds.no_network():
        yield


@pytest.fixture
def world() -> Iterator[worlds.World]:
    """The whole system, fresh, with nothing in it."""
    with worlds.opened() as world:
        yield world
