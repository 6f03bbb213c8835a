"""Fixtures of fault injection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.company import SampleCompany, public_webhook_hosts, restored_company
from tests.support.silence import without_logs
from tests.support.world import World


@pytest.fixture
def company(fast_world: World) -> Iterator[SampleCompany]:
    """Return the sample company with no scheduled work left; hosts of webhooks have public addresses."""
    with public_webhook_hosts(), without_logs():
        yield restored_company(fast_world, settled=True)
