"""Tests of live statements: days, pages, permissions, and the number of items they read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kernel.store.items import Item
from services.reconciliation.ledger import queries
from services.reconciliation.statements import views
from tests.reconciliation.ledger_client import LedgerClient

DECEMBER = "2026-12-01T09:00:00+08:00"


def test_statement_of_any_days_opens_with_the_balance_before(ledger: LedgerClient) -> None:
    for day in (3, 5, 7, 9):
        ledger.ship(100, at=f"2026-11-{day:02d}T10:00:00+08:00")
    statement = ledger.statement(**{"from": "2026-11-05", "to": "2026-11-07"})
    assert (statement["from"], statement["to"]) == ("2026-11-05", "2026-11-07")
    assert (statement["opening_fen"], statement["closing_fen"], statement["line_count"]) == (100, 300, 2)
    assert [line["balance_fen"] for line in statement["lines"]] == [200, 300]
    assert sum(band["amount_fen"] for band in statement["ageing"]) == 300


def test_month_begins_at_midnight_in_shanghai(ledger: LedgerClient) -> None:
    ledger.ship(100, at="2026-10-31T15:59:59Z")
    ledger.ship(200, at="2026-10-31T16:00:00Z")
    statement = ledger.statement()
    assert (statement["from"], statement["opening_fen"], statement["debit_fen"]) == ("2026-11-01", 100, 200)


def test_overdue_is_counted_from_the_day_after_the_due_day(ledger: LedgerClient) -> None:
    ledger.ship(100, at="2026-08-01T10:00:00+08:00", payment_days=0)
    ledger.ship(200, at="2026-10-24T10:00:00+08:00", payment_days=29)
    ledger.ship(400, at="2026-10-24T10:00:00+08:00", payment_days=30)
    owed = {band["band"]: band["amount_fen"] for band in ledger.statement()["ageing"]}
    assert owed == {"not_due": 400, "days_1_30": 200, "days_31_60": 0, "days_61_90": 0, "over_90": 100}
    ledger.pay(250, "A1")
    owed = {band["band"]: band["amount_fen"] for band in ledger.statement()["ageing"]}
    assert owed == {"not_due": 400, "days_1_30": 50, "days_31_60": 0, "days_61_90": 0, "over_90": 0}


def test_pages_of_a_statement_add_up_to_the_statement(ledger: LedgerClient) -> None:
    for number in range(7):
        ledger.ship(100 + number, direct=True)
    whole = ledger.statement()
    lines: list[Any] = []
    cursor = None
    for expected in (3, 3, 1):
        page = ledger.statement(limit=3, cursor=cursor)
        assert (len(page["lines"]), page["closing_fen"]) == (expected, whole["closing_fen"])
        lines, cursor = lines + page["lines"], page["next_cursor"]
    assert (lines, cursor) == (whole["lines"], None)
    assert lines[-1]["balance_fen"] == whole["closing_fen"]


def test_cursor_is_refused_for_another_dealer_or_other_days(ledger: LedgerClient) -> None:
    for dealer in ("D0001", "D0002"):
        ledger.ship(100, dealer=dealer)
        ledger.ship(100, dealer=dealer)
    cursor = ledger.statement(limit=1)["next_cursor"]
    for dealer, query in (("D0002", {}), ("D0001", {"from": "2026-11-02"}), ("D0001", {"cursor": f"x{cursor}"})):
        answer = ledger.get("/statement", dealer=dealer, **({"limit": 1, "cursor": cursor} | query))
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")


def test_invalid_days_are_refused_by_field(ledger: LedgerClient) -> None:
    invalid: list[tuple[dict[str, Any], str]] = [
        ({"from": "2026-11-05", "to": "2026-11-04"}, "from"),
        ({"from": "2025-01-01", "to": "2026-11-04"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"limit": 501}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"page": 1}, "page"),
    ]
    for query, field in invalid:
        answer = ledger.get("/statement", dealer="D0001", **query)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field), query


def test_statement_is_empty_at_the_limits_of_the_days(ledger: LedgerClient) -> None:
    ledger.ship(100)
    ledger.set_time(DECEMBER)
    ledger.run("2026-11")
    for first, last, owed in [("2000-01-01", "2000-01-05", 0), ("2099-12-30", "2099-12-31", 100)]:
        statement = ledger.statement(**{"from": first, "to": last})
        assert (statement["lines"], statement["opening_fen"], statement["closing_fen"]) == ([], owed, owed)


def test_statement_of_another_dealer_is_not_found(ledger: LedgerClient) -> None:
    ledger.ship(100, dealer="D0002")
    ledger.set_time(DECEMBER)
    ledger.run("2026-11")
    for path, query in [
        ("/statement", {"dealer_id": "D0002"}),
        ("/statement", {"dealer_id": "D0099"}),
        ("/statements", {"dealer_id": "D0002"}),
        ("/statements/D0002-2026-11", {}),
        ("/statements/D0099-2026-11", {}),
        ("/statements/D0001-2026-11", {}),
        ("/statements/not-an-id", {}),
        ("/statements/D0002-2026-13", {}),
    ]:
        answer = ledger.get(path, dealer="D0001", **query)
        assert (answer.status, answer.json["code"]) == (404, "not-found"), path
    assert ledger.statement("D0001", dealer_id="D0001")["opening_fen"] == 0
    assert ledger.get("/statements/D0002-2026-11", dealer="D0002").status == 200


def test_staff_must_name_a_dealer(ledger: LedgerClient) -> None:
    ledger.ship(100, dealer="D0002")
    assert ledger.get("/statement", dealer_id="D0002").json["closing_fen"] == 100
    assert ledger.get("/statement", dealer_id="D0099").status == 404
    assert ledger.get("/statement").json["errors"][0]["field"] == "dealer_id"
    assert ledger.get("/statements").json["errors"][0]["field"] == "dealer_id"


def test_statement_routes_refuse_other_roles(ledger: LedgerClient) -> None:
    for role, dealer, path in [
        ("dealer_buyer", "D0001", "/statement"),
        ("warehouse", None, "/statement"),
        ("dealer_admin", "D0001", "/trial-balance"),
        ("assistant", None, "/trial-balance"),
        ("dealer_accountant", "D0001", "/journals/D0001.shipment.X"),
        ("dealer_accountant", "D0001", "/statement-runs/2026-10"),
    ]:
        assert ledger.get(path, role=role, dealer=dealer).status == 403, (role, path)


def test_statement_is_consistent_when_journals_are_posted_during_the_read(
    ledger: LedgerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.ship(100)
    original = views.line_page
    arriving = iter([200, 300])

    def read_after_shipment(*arguments: Any) -> Any:
        for gross in arriving:
            ledger.ship(gross)
            break
        return original(*arguments)

    monkeypatch.setattr(views, "line_page", read_after_shipment)
    statement = ledger.statement()
    assert [line["debit_fen"] for line in statement["lines"]] == [100, 200, 300]
    assert statement["lines"][-1]["balance_fen"] == statement["closing_fen"] == 600


# ---- number of items read ----


@contextmanager
def count_items_read() -> Iterator[list[int]]:
    """Yield the number of items that each call reads."""
    counts: list[int] = []

    def record(parsed: Any, **_: Any) -> None:
        counts.append(int(parsed.get("Count", 1)))

    Item.exists()  # creates the connection
    events = Item._get_connection().connection.client.meta.events
    for operation in ("Query", "GetItem"):
        events.register(f"after-call.dynamodb.{operation}", record, unique_id=operation)
    yield counts
    for operation in ("Query", "GetItem"):
        events.unregister(f"after-call.dynamodb.{operation}", unique_id=operation)


def test_statement_reads_do_not_grow_with_the_history(ledger: LedgerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_DAYS_PER_READ", 5)
    cost = {}
    for dealer, days in (("D0001", 7), ("D0002", 28)):
        for day in range(1, days + 1):
            ledger.ship(100, dealer=dealer, at=f"2026-09-{day:02d}T10:00:00+08:00", direct=True)
        ledger.pay(100 * days, f"A{days}", dealer=dealer, received_on="2026-09-30")
    ledger.run("2026-10")
    for dealer in ("D0001", "D0002"):
        ledger.ship(100, dealer=dealer, direct=True)
        with count_items_read() as counts:
            assert ledger.statement(dealer)["line_count"] == 1
        cost[dealer] = sum(counts)
    assert cost["D0001"] == cost["D0002"] <= 10


def test_reads_per_line_do_not_grow_with_the_number_of_lines(ledger: LedgerClient) -> None:
    per_line = {}
    for dealer, lines in (("D0001", 10), ("D0002", 100)):
        for _ in range(lines):
            ledger.ship(100, dealer=dealer, direct=True)
        with count_items_read() as counts:
            assert len(ledger.statement(dealer, limit=500)["lines"]) == lines
        per_line[dealer] = sum(counts) / lines
    assert per_line["D0002"] <= per_line["D0001"] * 1.1
