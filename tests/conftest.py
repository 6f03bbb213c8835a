"""Fixtures of all tests; what the world offers is told in tests/world.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import world as worlds


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with worlds.no_network():
        yield


@pytest.fixture
def world() -> Iterator[worlds.World]:
    """The whole system, fresh, with nothing in it."""
    with worlds.opened() as world:
        yield world
