"""Balances of all dealers, and the statements of a month, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reconciliation.ledger_client import DEALERS, LedgerClient


def pages(ledger: LedgerClient, path: str, rows: str, role: str = "finance", **query: str) -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    token = ledger.world.token(role=role)
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = ledger.world.call("reconciliation", "GET", path, query=query | cursor, token=token)
        assert answer.status == 200, answer.json
        found += answer.json[rows]
        if answer.json["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json["next_cursor"]}


@pytest.mark.parametrize("limit", ["1", "2", "100"])
def test_balances_list_every_dealer_once(ledger: LedgerClient, limit: str) -> None:
    ledger.ship(11_300, dealer="D0001")
    ledger.ship(5_650, dealer="D0002")
    ledger.world.drain()
    rows = pages(ledger, "/balances", "balances", limit=limit)
    assert {row["dealer_id"]: row["receivable_fen"] for row in rows} == {"D0001": 11_300, "D0002": 5_650, "D0003": 0}
    assert len(rows) == len(DEALERS)
    assert all(row["dealer_name"] != row["dealer_id"] for row in rows)


@pytest.mark.parametrize("limit", ["1", "100"])
def test_statements_of_a_month_are_those_of_all_dealers(ledger: LedgerClient, limit: str) -> None:
    ledger.ship(11_300, dealer="D0001")
    ledger.ship(5_650, dealer="D0002")
    ledger.world.drain()
    ledger.world.clock.advance(days=31)
    token = ledger.world.token(role="finance")
    answer = ledger.world.call(
        "reconciliation", "POST", "/statement-runs", body={"period": "2026-11"}, token=token, key="run"
    )
    assert answer.status == 202, answer.json
    ledger.world.drain()
    rows = pages(ledger, "/statements", "statements", period="2026-11", limit=limit)
    closing = {row["dealer_id"]: row["closing_fen"] for row in rows}
    assert (closing["D0001"], closing["D0002"]) == (11_300, 5_650)
    assert {row["period"] for row in rows} == {"2026-11"}
    assert pages(ledger, "/statements", "statements", period="2026-10") == []
    [own] = pages(ledger, "/statements", "statements", period="2026-11", dealer_id="D0001")
    assert (own["dealer_id"], own["dealer_name"]) == ("D0001", "经销商 D0001")


def test_dealer_lists_its_own_statement_of_a_month(ledger: LedgerClient) -> None:
    token = ledger.world.token(role="dealer_accountant", dealer_id="D0001")
    query = {"period": "2026-11"}
    answer = ledger.world.call("reconciliation", "GET", "/statements", query=query, token=token)
    assert (answer.status, answer.json["statements"]) == (200, [])
