"""Fixtures of the tests of authorization."""

from __future__ import annotations

import pytest

from services.notifications.webhooks import signed_post
from tests.support.company import SampleCompany, restored_company
from tests.support.world import World


@pytest.fixture
def public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve every host of a webhook to a public address."""
    monkeypatch.setattr(signed_post, "resolve", lambda *_: ["93.184.216.34"])


@pytest.fixture
def company(world: World, public_addresses: None) -> SampleCompany:
    """Return the sample company on moto."""
    return restored_company(world)
