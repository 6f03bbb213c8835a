"""Fixtures of the tests of reconciliation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reconciliation.ledger_client import LedgerClient
from tests.support.world import World


@pytest.fixture
def ledger(world: World) -> Iterator[LedgerClient]:
    """A client of the ledger; after each test the audit must find nothing and the trial balance must be 0."""
    client = LedgerClient(world)
    yield client
    assert client.findings() == []
    assert client.get("/trial-balance").json["difference_fen"] == 0
