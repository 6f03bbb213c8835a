"""A world with only the test's own small service in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.desk import Desk
from tests.world import World, environment


@pytest.fixture(autouse=True)
def in_a_stage() -> Iterator[None]:
    """Metrics bear the stage's name, so every function needs to know it."""
    with environment():
        yield


@pytest.fixture
def desk(world: World) -> Desk:
    desk = Desk()
    world.inhabit(desk.app)
    return desk
