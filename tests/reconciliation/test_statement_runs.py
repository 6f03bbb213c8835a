"""Tests of statement runs: one statement per dealer and period, issued once, never changed."""

from __future__ import annotations

from typing import Any

import pytest

from services.reconciliation.statements import issue_statement, run_statements
from services.reconciliation.statements.items import StatementRunItem, run_key
from tests.reconciliation.ledger_client import LedgerClient

DECEMBER = "2026-12-01T09:00:00+08:00"
JANUARY = "2027-01-01T09:00:00+08:00"


def test_run_issues_one_statement_for_each_dealer_with_entries(ledger: LedgerClient) -> None:
    ledger.ship(11_300)
    ledger.pay(1_300, "A1")
    ledger.ship(200, dealer="D0002")
    ledger.set_time(DECEMBER)
    answer = ledger.run("2026-11")
    assert (answer.status, answer.json["state"], answer.json["round"]) == (202, "requesting", 1)
    progress = ledger.get("/statement-runs/2026-11").json
    assert (progress["state"], progress["requested"]) == ("requested", 2)
    statement = ledger.issued("D0001-2026-11")
    figures = ("opening_fen", "debit_fen", "credit_fen", "closing_fen", "line_count")
    assert [statement[name] for name in figures] == [0, 11_300, 1_300, 10_000, 2]
    assert (statement["from"], statement["to"]) == ("2026-11-01", "2026-11-30")
    assert statement["lines"][-1]["balance_fen"] == 10_000
    assert sum(band["amount_fen"] for band in statement["ageing"]) == 10_000
    assert (ledger.periods("D0002"), ledger.periods("D0003")) == (["2026-11"], [])
    closing = {event["statement_id"]: event["closing_fen"] for event in ledger.events("statement.issued.v1")}
    assert closing == {"D0001-2026-11": 10_000, "D0002-2026-11": 200}


def test_issued_statement_never_changes(ledger: LedgerClient) -> None:
    ledger.ship(100)
    ledger.set_time(DECEMBER)
    ledger.run("2026-11")
    first = ledger.get("/statements/D0001-2026-11", dealer="D0001").text
    ledger.ship(700, at="2026-11-20T10:00:00+08:00")
    ledger.reverse(ledger.issued("D0001-2026-11")["lines"][0]["journal_id"])
    ledger.run("2026-11")
    ledger.set_time(JANUARY)
    ledger.run("2026-12")
    assert ledger.get("/statements/D0001-2026-11", dealer="D0001").text == first


def test_repeated_run_issues_no_second_statement(ledger: LedgerClient) -> None:
    ledger.ship(100)
    ledger.set_time(DECEMBER)
    ledger.run("2026-11", key="once")
    with ledger.unchanged():
        assert ledger.run("2026-11", key="once").json["round"] == 1
    assert ledger.run("2026-11").json["round"] == 2
    assert ledger.get("/statement-runs/2026-11").json["requested"] == 0
    assert len(ledger.events("statement.issued.v1")) == len(ledger.events("statement.requested.v1")) == 1
    assert ledger.periods() == ["2026-11"]


def test_late_document_is_on_the_next_statement_with_its_own_date(ledger: LedgerClient) -> None:
    ledger.ship(100)
    ledger.set_time(DECEMBER)
    ledger.run("2026-11")
    ledger.ship(700, at="2026-11-30T10:00:00+08:00")
    late = ledger.pay(50, "A1", received_on="2026-11-29").json
    assert (late["received_on"], late["posted_on"]) == ("2026-11-29", "2026-12-01")
    lines = ledger.statement()["lines"]
    assert [(line["posted_on"], line["document_date"], line["due_on"]) for line in lines] == [
        ("2026-12-01", "2026-11-30", "2026-12-30"),
        ("2026-12-01", "2026-11-29", None),
    ]
    assert ledger.issued("D0001-2026-11")["closing_fen"] == 100


def test_run_issues_missing_statements_of_earlier_periods(ledger: LedgerClient) -> None:
    ledger.ship(100, at="2026-08-15T10:00:00+08:00")
    ledger.ship(200, at="2026-10-15T10:00:00+08:00")
    ledger.set_time(DECEMBER)
    ledger.run("2026-11")
    assert ledger.periods() == ["2026-11", "2026-10", "2026-09", "2026-08"]
    statements = [ledger.issued(f"D0001-{period}") for period in ("2026-08", "2026-09", "2026-10", "2026-11")]
    assert [statement["opening_fen"] for statement in statements] == [0, 100, 100, 300]
    assert [statement["closing_fen"] for statement in statements] == [100, 100, 300, 300]
    assert sum(statement["line_count"] for statement in statements) == 2
    past = ledger.statement(**{"from": "2026-09-10", "to": "2026-10-20"})
    assert (past["opening_fen"], past["closing_fen"], past["line_count"]) == (100, 300, 1)
    before_all = ledger.statement(**{"from": "2026-05-10", "to": "2026-08-20"})
    assert (before_all["opening_fen"], before_all["closing_fen"]) == (0, 100)


def test_run_is_refused_for_a_period_that_has_not_ended(ledger: LedgerClient) -> None:
    with ledger.unchanged():
        for period in ("2026-11", "2027-05"):
            assert ledger.run(period).json["errors"][0]["field"] == "period"
        for invalid in ("2026-13", "november", 202610, None, "2026-10 "):
            assert ledger.run(invalid).status == 422  # type: ignore[arg-type]
        assert ledger.post("/statement-runs", {"period": "2026-10"}, role="admin").status == 403
    assert ledger.get("/statement-runs/2026-10").status == 404


def test_period_ends_at_midnight_in_shanghai(ledger: LedgerClient) -> None:
    ledger.set_time("2026-11-30T23:59:50+08:00")
    assert ledger.run("2026-11").status == 422
    ledger.set_time("2026-12-01T00:00:00+08:00")
    assert ledger.run("2026-11").status == 202


def test_schedule_starts_the_run_of_last_month_once(ledger: LedgerClient) -> None:
    ledger.ship(100, at="2026-10-15T10:00:00+08:00")
    ledger.world.periodic("reconciliation", "start_monthly_run")
    ledger.world.drain()
    assert ledger.periods() == ["2026-10"]
    assert ledger.get("/statement-runs/2026-10").json["started_by"] == "calendar"
    with ledger.unchanged():
        ledger.world.periodic("reconciliation", "start_monthly_run")
        ledger.world.drain()


def test_stored_statement_is_small_when_it_has_many_lines(ledger: LedgerClient) -> None:
    for _ in range(50):
        ledger.ship(100, direct=True)
    ledger.set_time(DECEMBER)
    ledger.run("2026-11")
    stored = ledger.world.snapshot()["STATEMENT#D0001 PERIOD#2026-11"]
    assert len(stored) < 1_024
    assert ledger.issued("D0001-2026-11")["line_count"] == 50


# ---- crashes and concurrent runs ----


def test_journal_posted_while_a_statement_is_issued_is_on_one_statement(
    ledger: LedgerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.ship(100)
    ledger.set_time(DECEMBER)
    original = issue_statement.close_period
    arriving = iter([700])

    def close_after_shipment(*arguments: Any) -> None:
        for gross in arriving:
            ledger.ship(gross, at="2026-11-30T20:00:00+08:00")
        original(*arguments)

    monkeypatch.setattr(issue_statement, "close_period", close_after_shipment)
    ledger.run("2026-11")
    statement = ledger.issued("D0001-2026-11")
    assert (statement["closing_fen"], statement["line_count"]) == (800, 2)
    assert len(ledger.events("statement.issued.v1")) == 1


def test_interrupted_run_continues_at_its_last_page(ledger: LedgerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for dealer in ("D0001", "D0002", "D0003"):
        ledger.ship(100, dealer=dealer)
    ledger.set_time(DECEMBER)
    monkeypatch.setattr(run_statements, "_DEALERS_PER_TRANSACTION", 1)
    original = run_statements._request_page
    crashes = iter([False, True, False, True])

    def request_and_crash(run: Any) -> None:
        original(run)
        if next(crashes, False):
            raise RuntimeError("the process ends")

    monkeypatch.setattr(run_statements, "_request_page", request_and_crash)
    ledger.run("2026-11")
    dealers = [event["dealer_id"] for event in ledger.events("statement.requested.v1")]
    assert sorted(dealers) == ["D0001", "D0002", "D0003"]
    assert ledger.get("/statement-runs/2026-11").json["requested"] == 3
    assert [len(ledger.periods(dealer)) for dealer in sorted(dealers)] == [1, 1, 1]


def test_two_workers_request_each_statement_once(ledger: LedgerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for dealer in ("D0001", "D0002", "D0003"):
        ledger.ship(100, dealer=dealer, direct=True)
    ledger.set_time(DECEMBER)
    monkeypatch.setattr(run_statements, "_DEALERS_PER_TRANSACTION", 2)
    original = run_statements.load_ledgers_by_dealer
    is_first = iter([True])

    def load_while_another_runs(dealer_ids: list[str]) -> Any:
        ledgers = original(dealer_ids)
        if next(is_first, False):
            run_statements._request_page(StatementRunItem.get(*run_key("2026-11")))
        return ledgers

    monkeypatch.setattr(run_statements, "load_ledgers_by_dealer", load_while_another_runs)
    token = ledger.world.token(role="finance")
    ledger.world.call("reconciliation", "POST", "/statement-runs", body={"period": "2026-11"}, token=token, key="k")
    assert not ledger.world.drain().failed
    dealers = [event["dealer_id"] for event in ledger.events("statement.requested.v1")]
    assert sorted(dealers) == ["D0001", "D0002", "D0003"]
    assert ledger.get("/statement-runs/2026-11").json["requested"] == 3


def test_second_round_replaces_the_first(ledger: LedgerClient) -> None:
    ledger.ship(100)
    ledger.set_time(DECEMBER)
    token = ledger.world.token(role="finance")
    for key in ("a", "b"):  # the second round starts before the first has ended
        answer = ledger.world.call(
            "reconciliation", "POST", "/statement-runs", body={"period": "2026-11"}, token=token, key=key
        )
        assert answer.status == 202
    ledger.world.drain()
    assert ledger.get("/statement-runs/2026-11").json["round"] == 2
    assert len(ledger.events("statement.requested.v1")) == 1
