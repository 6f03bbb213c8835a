"""Fixtures of the tests of orders."""

from __future__ import annotations

import pytest

from tests.orders.client import OrdersClient
from tests.support.world import World


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    """Client of the orders service in the fast world."""
    return OrdersClient(fast_world)
