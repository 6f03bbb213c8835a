"""A world with only the test's own small service in it."""

from __future__ import annotations

import pytest

from tests.kernel.desk import Desk
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    desk = Desk()
    world.inhabit(desk.app)
    return desk
