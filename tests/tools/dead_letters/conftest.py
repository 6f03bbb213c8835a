"""A small system without polling, for dead letters."""

from __future__ import annotations

import pytest

from tests.support.world import World
from tools.dead_letters import queues


@pytest.fixture
def world(world: World) -> World:
    """Only relay, orders and reconciliation are running."""
    world.apps = {service: world.app(service) for service in ("relay", "orders", "reconciliation")}
    return world


@pytest.fixture(autouse=True)
def _no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_POLLING_SECONDS", 0)
