"""Fixtures of the tests of authorization."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.company import SampleCompany, public_webhook_hosts, restored_company
from tests.support.world import World


@pytest.fixture
def public_addresses() -> Iterator[None]:
    """Resolve every host of a webhook to a public address."""
    with public_webhook_hosts():
        yield


@pytest.fixture
def company(world: World, public_addresses: None) -> SampleCompany:
    """Return the sample company on moto."""
    return restored_company(world)
