"""A subscriber in the world of the test."""

from __future__ import annotations

import pytest

from tests.relay.fixtures import Subscriber
from tests.support.world import World


@pytest.fixture
def subscriber(world: World) -> Subscriber:
    subscriber = Subscriber()
    world.inhabit(subscriber.app)
    return subscriber
