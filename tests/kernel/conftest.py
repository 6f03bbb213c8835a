"""A world with only the sample service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.sample_service import SampleService
from tests.support.functions import environment
from tests.support.world import World


@pytest.fixture(autouse=True)
def stage_environment() -> Iterator[None]:
    """Set the environment, because metrics have the name of the stage."""
    with environment():
        yield


@pytest.fixture
def service(world: World) -> SampleService:
    service = SampleService()
    world.inhabit(service.app)
    return service
