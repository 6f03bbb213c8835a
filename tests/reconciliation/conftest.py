"""Fixtures of reconciliation's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reconciliation.books import Books
from tests.world import World


@pytest.fixture
def books(world: World) -> Iterator[Books]:
    """The ledger; whatever a test did to it, it must still add up."""
    books = Books(world)
    yield books
    assert books.wrong() == []
    assert books.get("/trial-balance").json["difference_fen"] == 0
