"""Statements: live, monthly, closed for ever, each movement in exactly one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kernel.store.items import Item
from services.reconciliation.ledger import read_ledger
from services.reconciliation.ledger.book_journal import close_month
from services.reconciliation.ledger.read_ledger import load_ledgers
from services.reconciliation.statements import issue_statement, read_statements, run_statements
from services.reconciliation.statements.items import StatementRunItem, run_key
from services.reconciliation.statements.read_statements import _lines
from services.reconciliation.statements.run_statements import _request_some
from tests.reconciliation.books import Books

DECEMBER = "2026-12-01T09:00:00+08:00"
JANUARY = "2027-01-01T09:00:00+08:00"


# --- live -----------------------------------------------------------------------------------------------------------


def test_a_statement_of_any_days_opens_with_what_was_owed_before(books: Books) -> None:
    for day in (3, 5, 7, 9):
        books.shipped(100, at=f"2026-11-{day:02d}T10:00:00+08:00")
    statement = books.statement(**{"from": "2026-11-05", "to": "2026-11-07"})
    assert (statement["from"], statement["to"]) == ("2026-11-05", "2026-11-07")
    assert (statement["opening_fen"], statement["closing_fen"], statement["line_count"]) == (100, 300, 2)
    assert [line["balance_fen"] for line in statement["lines"]] == [200, 300]
    assert sum(band["amount_fen"] for band in statement["ageing"]) == 300


def test_a_month_begins_at_midnight_in_shanghai(books: Books) -> None:
    books.shipped(100, at="2026-10-31T15:59:59Z")
    books.shipped(200, at="2026-10-31T16:00:00Z")
    statement = books.statement()
    assert (statement["from"], statement["opening_fen"], statement["debit_fen"]) == ("2026-11-01", 100, 200)


def test_overdue_is_counted_from_the_day_after_it_was_due(books: Books) -> None:
    books.shipped(100, at="2026-08-01T10:00:00+08:00", payment_days=0)
    books.shipped(200, at="2026-10-24T10:00:00+08:00", payment_days=29)
    books.shipped(400, at="2026-10-24T10:00:00+08:00", payment_days=30)
    owed = {band["band"]: band["amount_fen"] for band in books.statement()["ageing"]}
    assert owed == {"not_due": 400, "days_1_30": 200, "days_31_60": 0, "days_61_90": 0, "over_90": 100}
    books.received(250, "A1")
    owed = {band["band"]: band["amount_fen"] for band in books.statement()["ageing"]}
    assert owed == {"not_due": 400, "days_1_30": 50, "days_31_60": 0, "days_61_90": 0, "over_90": 0}


def test_the_pages_of_a_statement_are_the_statement(books: Books) -> None:
    for number in range(7):
        books.shipped(100 + number, by_hand=True)
    whole = books.statement()
    lines: list[Any] = []
    cursor = None
    for expected in (3, 3, 1):
        page = books.statement(limit=3, cursor=cursor)
        assert (len(page["lines"]), page["closing_fen"]) == (expected, whole["closing_fen"])
        lines, cursor = lines + page["lines"], page["next_cursor"]
    assert (lines, cursor) == (whole["lines"], None)
    assert lines[-1]["balance_fen"] == whole["closing_fen"]


def test_a_cursor_is_good_only_where_it_was_given(books: Books) -> None:
    for dealer in ("D0001", "D0002"):
        books.shipped(100, dealer=dealer)
        books.shipped(100, dealer=dealer)
    cursor = books.statement(limit=1)["next_cursor"]
    for dealer, query in (("D0002", {}), ("D0001", {"from": "2026-11-02"}), ("D0001", {"cursor": f"x{cursor}"})):
        answer = books.get("/statement", dealer=dealer, **({"limit": 1, "cursor": cursor} | query))
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")


def test_days_that_make_no_statement_are_refused_by_name(books: Books) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"from": "2026-11-05", "to": "2026-11-04"}, "from"),
        ({"from": "2025-01-01", "to": "2026-11-04"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"limit": 501}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"page": 1}, "page"),
    ]
    for query, field in wrong:
        answer = books.get("/statement", dealer="D0001", **query)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field), query


def test_the_ends_of_time_are_empty_statements(books: Books) -> None:
    books.shipped(100)
    books.now(DECEMBER)
    books.run("2026-11")
    for first, last, owed in [("0001-01-01", "0001-01-05", 0), ("9999-12-30", "9999-12-31", 100)]:
        statement = books.statement(**{"from": first, "to": last})
        assert (statement["lines"], statement["opening_fen"], statement["closing_fen"]) == ([], owed, owed)


def test_a_dealer_sees_its_own_account_and_anothers_is_as_if_it_were_not(books: Books) -> None:
    books.shipped(100, dealer="D0002")
    books.now(DECEMBER)
    books.run("2026-11")
    for path, query in [
        ("/statement", {"dealer_id": "D0002"}),
        ("/statement", {"dealer_id": "D0099"}),
        ("/statements", {"dealer_id": "D0002"}),
        ("/statements/D0002-2026-11", {}),
        ("/statements/D0099-2026-11", {}),
        ("/statements/D0001-2026-11", {}),
        ("/statements/nonsense", {}),
        ("/statements/D0002-2026-13", {}),
    ]:
        answer = books.get(path, dealer="D0001", **query)
        assert (answer.status, answer.json["code"]) == (404, "not-found"), path
    assert books.statement("D0001", dealer_id="D0001")["opening_fen"] == 0
    assert books.get("/statements/D0002-2026-11", dealer="D0002").status == 200


def test_staff_name_the_dealer_they_mean(books: Books) -> None:
    books.shipped(100, dealer="D0002")
    assert books.get("/statement", dealer_id="D0002").json["closing_fen"] == 100
    assert books.get("/statement", dealer_id="D0099").status == 404
    assert books.get("/statement").json["errors"][0]["field"] == "dealer_id"
    assert books.get("/statements").json["errors"][0]["field"] == "dealer_id"


def test_money_matters_are_for_those_who_answer_for_them(books: Books) -> None:
    for role, dealer, path in [
        ("dealer_buyer", "D0001", "/statement"),
        ("warehouse", None, "/statement"),
        ("dealer_admin", "D0001", "/trial-balance"),
        ("assistant", None, "/trial-balance"),
        ("dealer_accountant", "D0001", "/journals/D0001.shipment.X"),
        ("dealer_accountant", "D0001", "/statement-runs/2026-10"),
    ]:
        assert books.get(path, role=role, dealer=dealer).status == 403, (role, path)


def test_what_is_booked_while_a_statement_is_read_does_not_tear_it(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.shipped(100)
    read_lines = _lines
    arriving = iter([200, 300])

    def lines_late(*arguments: Any) -> Any:
        for gross in arriving:
            books.shipped(gross)
            break
        return read_lines(*arguments)

    monkeypatch.setattr(read_statements, "_lines", lines_late)
    statement = books.statement()
    assert [line["debit_fen"] for line in statement["lines"]] == [100, 200, 300]
    assert statement["lines"][-1]["balance_fen"] == statement["closing_fen"] == 600


# --- monthly --------------------------------------------------------------------------------------------------------


def test_a_run_makes_one_statement_for_every_dealer_that_traded(books: Books) -> None:
    books.shipped(11_300)
    books.received(1_300, "A1")
    books.shipped(200, dealer="D0002")
    books.now(DECEMBER)
    answer = books.run("2026-11")
    assert (answer.status, answer.json["state"], answer.json["round"]) == (202, "requesting", 1)
    progress = books.get("/statement-runs/2026-11").json
    assert (progress["state"], progress["requested"]) == ("requested", 2)
    statement = books.issued("D0001-2026-11")
    figures = ("opening_fen", "debit_fen", "credit_fen", "closing_fen", "line_count")
    assert [statement[name] for name in figures] == [0, 11_300, 1_300, 10_000, 2]
    assert (statement["from"], statement["to"]) == ("2026-11-01", "2026-11-30")
    assert statement["lines"][-1]["balance_fen"] == 10_000
    assert sum(band["amount_fen"] for band in statement["ageing"]) == 10_000
    assert (books.periods("D0002"), books.periods("D0003")) == (["2026-11"], [])
    said = {one["statement_id"]: one["closing_fen"] for one in books.said("statement.issued.v1")}
    assert said == {"D0001-2026-11": 10_000, "D0002-2026-11": 200}


def test_an_issued_statement_never_changes_by_a_byte(books: Books) -> None:
    books.shipped(100)
    books.now(DECEMBER)
    books.run("2026-11")
    first = books.get("/statements/D0001-2026-11", dealer="D0001").text
    books.shipped(700, at="2026-11-20T10:00:00+08:00")
    books.reverse(books.issued("D0001-2026-11")["lines"][0]["journal_id"])
    books.run("2026-11")
    books.now(JANUARY)
    books.run("2026-12")
    assert books.get("/statements/D0001-2026-11", dealer="D0001").text == first


def test_a_run_repeated_makes_no_second_statement(books: Books) -> None:
    books.shipped(100)
    books.now(DECEMBER)
    books.run("2026-11", key="once")
    with books.unchanged():
        assert books.run("2026-11", key="once").json["round"] == 1
    assert books.run("2026-11").json["round"] == 2
    assert books.get("/statement-runs/2026-11").json["requested"] == 0
    assert len(books.said("statement.issued.v1")) == len(books.said("statement.requested.v1")) == 1
    assert books.periods() == ["2026-11"]


def test_a_late_document_stands_on_the_next_statement_with_its_own_date(books: Books) -> None:
    books.shipped(100)
    books.now(DECEMBER)
    books.run("2026-11")
    books.shipped(700, at="2026-11-30T10:00:00+08:00")
    late = books.received(50, "A1", received_on="2026-11-29").json
    assert (late["received_on"], late["posted_on"]) == ("2026-11-29", "2026-12-01")
    lines = books.statement()["lines"]
    assert [(line["posted_on"], line["document_date"], line["due_on"]) for line in lines] == [
        ("2026-12-01", "2026-11-30", "2026-12-30"),
        ("2026-12-01", "2026-11-29", None),
    ]
    assert books.issued("D0001-2026-11")["closing_fen"] == 100


def test_statements_chain_and_quiet_or_forgotten_months_are_made_on_the_way(books: Books) -> None:
    books.shipped(100, at="2026-08-15T10:00:00+08:00")
    books.shipped(200, at="2026-10-15T10:00:00+08:00")
    books.now(DECEMBER)
    books.run("2026-11")
    assert books.periods() == ["2026-11", "2026-10", "2026-09", "2026-08"]
    chain = [books.issued(f"D0001-{period}") for period in ("2026-08", "2026-09", "2026-10", "2026-11")]
    assert [(one["opening_fen"], one["closing_fen"]) for one in chain] == [(0, 100), (100, 100), (100, 300), (300, 300)]
    assert sum(one["line_count"] for one in chain) == 2
    past = books.statement(**{"from": "2026-09-10", "to": "2026-10-20"})
    assert (past["opening_fen"], past["closing_fen"], past["line_count"]) == (100, 300, 1)
    before_all = books.statement(**{"from": "2026-05-10", "to": "2026-08-20"})
    assert (before_all["opening_fen"], before_all["closing_fen"]) == (0, 100)


def test_a_month_that_is_not_over_gets_no_statement(books: Books) -> None:
    with books.unchanged():
        for period in ("2026-11", "2027-05"):
            assert books.run(period).json["errors"][0]["field"] == "period"
        for nonsense in ("2026-13", "november", 202610, None, "2026-10 "):
            assert books.run(nonsense).status == 422  # type: ignore[arg-type]
        assert books.post("/statement-runs", {"period": "2026-10"}, role="admin").status == 403
    assert books.get("/statement-runs/2026-10").status == 404


def test_midnight_in_shanghai_ends_the_month(books: Books) -> None:
    books.now("2026-11-30T23:59:50+08:00")
    assert books.run("2026-11").status == 422
    books.now("2026-12-01T00:00:00+08:00")
    assert books.run("2026-11").status == 202


def test_the_run_of_last_month_starts_by_itself_and_once(books: Books) -> None:
    books.shipped(100, at="2026-10-15T10:00:00+08:00")
    books.world.periodic("reconciliation", "start_monthly_run")
    books.world.drain()
    assert books.periods() == ["2026-10"]
    assert books.get("/statement-runs/2026-10").json["started_by"] == "calendar"
    with books.unchanged():
        books.world.periodic("reconciliation", "start_monthly_run")
        books.world.drain()


def test_what_is_booked_while_a_statement_is_made_is_in_it_or_in_the_next(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.shipped(100)
    books.now(DECEMBER)
    close = close_month
    arriving = iter([700])

    def close_late(*arguments: Any) -> None:
        for gross in arriving:
            books.shipped(gross, at="2026-11-30T20:00:00+08:00")
        close(*arguments)

    monkeypatch.setattr(issue_statement, "close_month", close_late)
    books.run("2026-11")
    statement = books.issued("D0001-2026-11")
    assert (statement["closing_fen"], statement["line_count"]) == (800, 2)
    assert len(books.said("statement.issued.v1")) == 1


def test_a_run_that_died_goes_on_where_it_stood(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    for dealer in ("D0001", "D0002", "D0003"):
        books.shipped(100, dealer=dealer)
    books.now(DECEMBER)
    monkeypatch.setattr(run_statements, "_DEALERS_AT_A_TIME", 1)
    request_some = _request_some
    deaths = iter([False, True, False, True])

    def dying(run: Any) -> None:
        request_some(run)
        if next(deaths, False):
            raise RuntimeError("the process dies")

    monkeypatch.setattr(run_statements, "_request_some", dying)
    books.run("2026-11")
    asked = [one["dealer_id"] for one in books.said("statement.requested.v1")]
    assert sorted(asked) == ["D0001", "D0002", "D0003"]
    assert books.get("/statement-runs/2026-11").json["requested"] == 3
    assert [len(books.periods(dealer)) for dealer in sorted(asked)] == [1, 1, 1]


def test_two_workers_on_one_run_ask_each_dealer_once(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    for dealer in ("D0001", "D0002", "D0003"):
        books.shipped(100, dealer=dealer, by_hand=True)
    books.now(DECEMBER)
    monkeypatch.setattr(run_statements, "_DEALERS_AT_A_TIME", 2)
    original = load_ledgers
    overtaken = iter([True])

    def while_another_works(dealer_ids: list[str]) -> Any:
        ledgers = original(dealer_ids)
        if next(overtaken, False):
            _request_some(StatementRunItem.get(*run_key("2026-11")))
        return ledgers

    monkeypatch.setattr(run_statements, "load_ledgers", while_another_works)
    token = books.world.token(role="finance")
    books.world.call("reconciliation", "POST", "/statement-runs", body={"period": "2026-11"}, token=token, key="k")
    assert not books.world.drain().failed
    asked = [one["dealer_id"] for one in books.said("statement.requested.v1")]
    assert sorted(asked) == ["D0001", "D0002", "D0003"]
    assert books.get("/statement-runs/2026-11").json["requested"] == 3


def test_a_round_that_was_started_anew_leaves_the_old_one_behind(books: Books) -> None:
    books.shipped(100)
    books.now(DECEMBER)
    token = books.world.token(role="finance")
    for key in ("a", "b"):  # the first is still under way when the second starts
        answer = books.world.call(
            "reconciliation", "POST", "/statement-runs", body={"period": "2026-11"}, token=token, key=key
        )
        assert answer.status == 202
    books.world.drain()
    assert books.get("/statement-runs/2026-11").json["round"] == 2
    assert len(books.said("statement.requested.v1")) == 1


# --- what it costs --------------------------------------------------------------------------------------------------


@contextmanager
def _items_read() -> Iterator[list[int]]:
    """How many items the table handed out, per call."""
    handed_out: list[int] = []

    def count(parsed: Any, **_: Any) -> None:
        handed_out.append(int(parsed.get("Count", 1)))

    Item.exists()  # makes the one connection
    events = Item._get_connection().connection.client.meta.events
    for operation in ("Query", "GetItem"):
        events.register(f"after-call.dynamodb.{operation}", count, unique_id=operation)
    yield handed_out
    for operation in ("Query", "GetItem"):
        events.unregister(f"after-call.dynamodb.{operation}", unique_id=operation)


def test_a_statement_costs_what_it_shows_however_long_the_history(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ledger, "_DAYS_AT_A_TIME", 5)
    cost = {}
    for dealer, days in (("D0001", 7), ("D0002", 28)):
        for day in range(1, days + 1):
            books.shipped(100, dealer=dealer, at=f"2026-09-{day:02d}T10:00:00+08:00", by_hand=True)
        books.received(100 * days, f"A{days}", dealer=dealer, received_on="2026-09-30")
    books.run("2026-10")
    for dealer in ("D0001", "D0002"):
        books.shipped(100, dealer=dealer, by_hand=True)
        with _items_read() as handed_out:
            assert books.statement(dealer)["line_count"] == 1
        cost[dealer] = sum(handed_out)
    assert cost["D0001"] == cost["D0002"] <= 10


def test_many_lines_cost_no_more_per_line_than_few(books: Books) -> None:
    per_line = {}
    for dealer, lines in (("D0001", 10), ("D0002", 100)):
        for _ in range(lines):
            books.shipped(100, dealer=dealer, by_hand=True)
        with _items_read() as handed_out:
            assert len(books.statement(dealer, limit=500)["lines"]) == lines
        per_line[dealer] = sum(handed_out) / lines
    assert per_line["D0002"] <= per_line["D0001"] * 1.1


def test_a_statement_of_many_lines_is_a_small_item(books: Books) -> None:
    for _ in range(50):
        books.shipped(100, by_hand=True)
    books.now(DECEMBER)
    books.run("2026-11")
    stored = books.world.snapshot()["STATEMENT#D0001 PERIOD#2026-11"]
    assert len(stored) < 1_024
    assert books.issued("D0001-2026-11")["line_count"] == 50
