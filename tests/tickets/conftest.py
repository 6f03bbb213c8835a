"""A client of the tickets service in a world with products."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.time import clock
from tests.support.fixtures import open_shop
from tests.support.world import World
from tests.tickets.fixtures import TicketsClient


@pytest.fixture
def client(world: World) -> Iterator[TicketsClient]:
    open_shop()
    client = TicketsClient(world)
    # The world's clock advances at every read; these tests need exact minutes.
    clock.set_clock(lambda: client.now)
    yield client
    clock.set_clock(None)
