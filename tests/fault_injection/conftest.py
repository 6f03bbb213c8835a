"""Fixtures of fault injection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.notifications.webhooks import signed_post
from tests.support.company import SampleCompany, restored_company
from tests.support.silence import without_logs
from tests.support.world import World


@pytest.fixture
def company(fast_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleCompany]:
    """Return the sample company with no scheduled work left; hosts of webhooks have public addresses."""
    monkeypatch.setattr(signed_post, "resolve", lambda *_: ["93.184.216.34"])
    with without_logs():
        yield restored_company(fast_world, settled=True)
