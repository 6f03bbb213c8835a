"""Tests of journals: shipments and payments are posted once, and reversed at most once."""

from __future__ import annotations

from typing import Any

import pytest

from services.reconciliation.ledger.rules import UnbalancedJournal
from tests.reconciliation.ledger_client import LedgerClient

# ---- shipments ----


def test_shipment_is_on_the_statement_at_once(ledger: LedgerClient) -> None:
    shipment_id = ledger.ship(11_300)
    statement = ledger.statement()
    assert (statement["opening_fen"], statement["debit_fen"], statement["closing_fen"]) == (0, 11_300, 11_300)
    (line,) = statement["lines"]
    assert (line["label_zh"], line["label_en"], line["document_id"], line["reference"]) == (
        "发货",
        "Shipment",
        shipment_id,
        "SF1",
    )
    assert (line["posted_on"], line["due_on"], line["balance_fen"]) == ("2026-11-23", "2026-12-23", 11_300)
    assert [band["amount_fen"] for band in statement["ageing"]] == [11_300, 0, 0, 0, 0]


def test_shipment_journal_shows_sales_and_tax(ledger: LedgerClient) -> None:
    shipment_id = ledger.ship(11_300)
    journal = ledger.get(f"/journals/D0001.shipment.{shipment_id}").json
    entries = {entry["account"]: (entry["debit_fen"], entry["credit_fen"]) for entry in journal["entries"]}
    assert entries == {"receivable": (11_300, 0), "sales": (0, 10_000), "output_tax": (0, 1_300)}
    assert (journal["posted_by"], journal["reversed_by"]) == ("qudao.orders", None)


def test_redelivered_events_change_nothing(ledger: LedgerClient) -> None:
    shipment_id = ledger.ship(11_300)
    ledger.pay(5_000, "A1")
    ledger.reverse(f"D0001.shipment.{shipment_id}")
    ledger.set_time("2026-12-01T09:00:00+08:00")
    ledger.run("2026-11")
    assert ledger.periods() == ["2026-11"]
    with ledger.unchanged():
        ledger.world.redeliver_everything()


def test_shipment_is_posted_once_when_two_events_name_it(ledger: LedgerClient) -> None:
    ledger.ship(11_300, shipment="D0001-000001-S01")
    ledger.ship(11_300, shipment="D0001-000001-S01")
    assert ledger.statement()["closing_fen"] == 11_300


def test_statement_does_not_depend_on_the_order_of_events(ledger: LedgerClient) -> None:
    first, second, third = (
        (200, "2026-11-01T10:00:00+08:00"),
        (300, "2026-11-02T10:00:00+08:00"),
        (100, "2026-11-03T10:00:00+08:00"),
    )
    for dealer, arriving in (("D0001", [third, first, second]), ("D0002", [first, second, third])):
        for gross, at in arriving:
            ledger.ship(gross, dealer=dealer, at=at, shipment=f"{dealer}-{gross:06d}-S01")

    def summary(dealer: str) -> Any:
        statement = ledger.statement(dealer)
        lines = [(line["posted_on"], line["debit_fen"], line["balance_fen"]) for line in statement["lines"]]
        return lines, statement["closing_fen"], statement["ageing"]

    assert summary("D0001") == summary("D0002")
    assert [balance for _, _, balance in summary("D0001")[0]] == [200, 500, 600]


def test_free_shipment_creates_no_statement_line(ledger: LedgerClient) -> None:
    ledger.ship(0)
    assert ledger.statement()["lines"] == []


def test_unbalanced_shipment_is_refused_and_writes_nothing(ledger: LedgerClient) -> None:
    with ledger.unchanged(), pytest.raises(UnbalancedJournal):
        ledger.ship(11_300, net=9_999, direct=True)


def test_ledger_sums_partial_shipments_to_the_order(ledger: LedgerClient) -> None:
    for number, gross in enumerate((3_333, 3_333, 3_334), 1):
        ledger.ship(gross, shipment=f"D0001-000001-S{number:02d}")
    assert ledger.statement()["closing_fen"] == 10_000


# ---- payments ----


def test_payment_is_posted_published_and_lowers_the_balance(ledger: LedgerClient) -> None:
    ledger.ship(11_300)
    answer = ledger.pay(5_000, "A1")
    assert answer.status == 201
    assert (answer.json["posted_on"], answer.json["received_on"], answer.json["bank"]) == (
        "2026-11-23",
        "2026-11-23",
        "MAIN",
    )
    assert ledger.statement()["closing_fen"] == 6_300
    (event,) = ledger.events("payment.posted.v1")
    assert event == {
        "payment_id": answer.json["payment_id"],
        "dealer_id": "D0001",
        "amount_fen": 5_000,
        "received_on": "2026-11-23",
    }


def test_repeated_payment_request_posts_once_with_the_same_answer(ledger: LedgerClient) -> None:
    first = ledger.pay(5_000, "A1", key="once")
    with ledger.unchanged():
        assert ledger.pay(5_000, "A1", key="once").text == first.text
        assert ledger.pay(6_000, "A2", key="once").json["code"] == "idempotency-key-reused"


def test_bank_reference_is_used_once_in_any_notation_and_for_any_dealer(ledger: LedgerClient) -> None:
    first = ledger.pay(5_000, "ICBC 2026-1")
    with ledger.unchanged():
        for notation in ("ICBC 2026-1", "icbc2026-1", "IC BC2026-1"):
            again = ledger.pay(5_000, notation, dealer="D0002")
            assert (again.status, again.json["code"]) == (409, "payment-already-posted")
            assert again.json["payment_id"] == first.json["payment_id"]
    assert ledger.pay(5_000, "ICBC 2026-1", bank="CCB").status == 201


def test_bank_reference_stays_used_after_the_reversal_of_its_payment(ledger: LedgerClient) -> None:
    payment = ledger.pay(5_000, "A1").json
    assert ledger.reverse(payment["journal_id"], "记错经销商").status == 201
    assert ledger.pay(5_000, "A1", dealer="D0002").status == 409
    assert ledger.pay(5_000, "A1/2", dealer="D0002").status == 201
    assert [ledger.statement(dealer)["closing_fen"] for dealer in ("D0001", "D0002")] == [0, -5_000]


VALID_PAYMENT = {"dealer_id": "D0001", "amount_fen": 5_000, "received_on": "2026-11-20", "bank_reference": "A1"}


def test_invalid_payment_is_refused_by_field_and_writes_nothing(ledger: LedgerClient) -> None:
    invalid: list[tuple[dict[str, Any], str]] = [
        ({"amount_fen": 0}, "amount_fen"),
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": 1.5}, "amount_fen"),
        ({"amount_fen": "5"}, "amount_fen"),
        ({"amount_fen": True}, "amount_fen"),
        ({"amount_fen": 10**30}, "amount_fen"),
        ({"received_on": "2026-11-24"}, "received_on"),
        ({"received_on": "1970-01-01"}, "received_on"),
        ({"received_on": "2026-02-30"}, "received_on"),
        ({"received_on": 20261120}, "received_on"),
        ({"dealer_id": "D0099"}, "dealer_id"),
        ({"dealer_id": "D0001#X"}, "dealer_id"),
        ({"bank_reference": ""}, "bank_reference"),
        ({"bank_reference": "A@1"}, "bank_reference"),
        ({"bank_reference": "A" * 61}, "bank_reference"),
        ({"bank": "../x"}, "bank"),
        ({"surprise": 1}, "surprise"),
    ]
    with ledger.unchanged():
        for change, field in invalid:
            answer = ledger.post("/payments", VALID_PAYMENT | change)
            assert answer.status == 422, change
            assert field in [problem["field"] for problem in answer.json["errors"]], change


def test_payment_is_refused_without_key_token_or_finance_role(ledger: LedgerClient) -> None:
    with ledger.unchanged():
        call = ledger.world.call
        finance, admin = ledger.world.token(role="finance"), ledger.world.token(role="admin")
        assert call("reconciliation", "POST", "/payments", body=VALID_PAYMENT, token=finance).status == 400
        assert call("reconciliation", "POST", "/payments", body=VALID_PAYMENT, token=admin, key="k").status == 403
        assert call("reconciliation", "POST", "/payments", body=VALID_PAYMENT, key="k").status == 401


# ---- reversals ----


def test_reversal_mirrors_its_journal_and_is_published(ledger: LedgerClient) -> None:
    shipment_id = ledger.ship(11_300)
    answer = ledger.reverse(f"D0001.shipment.{shipment_id}", "发错货")
    assert answer.status == 201
    entries = {entry["account"]: (entry["debit_fen"], entry["credit_fen"]) for entry in answer.json["entries"]}
    assert entries == {"receivable": (0, 11_300), "sales": (10_000, 0), "output_tax": (1_300, 0)}
    statement = ledger.statement()
    assert [(line["label_zh"], line["reference"]) for line in statement["lines"]][1] == ("冲销", "发错货")
    assert statement["closing_fen"] == 0
    original = ledger.get(f"/journals/D0001.shipment.{shipment_id}").json
    assert original["reversed_by"] == answer.json["journal_id"]
    (event,) = ledger.events("journal.reversed.v1")
    assert (event["document_id"], event["owed_change_fen"], event["reason"]) == (shipment_id, -11_300, "发错货")


def test_journal_is_reversed_once(ledger: LedgerClient) -> None:
    journal_id = f"D0001.shipment.{ledger.ship()}"
    first = ledger.reverse(journal_id, key="once")
    with ledger.unchanged():
        assert ledger.reverse(journal_id, key="once").text == first.text
        again = ledger.reverse(journal_id)
        assert (again.status, again.json["code"]) == (409, "already-reversed")
        assert again.json["reversed_by"] == first.json["journal_id"]


def test_reversal_can_be_reversed(ledger: LedgerClient) -> None:
    reversal = ledger.reverse(f"D0001.shipment.{ledger.ship(11_300)}").json
    assert ledger.reverse(reversal["journal_id"], "冲错了").status == 201
    statement = ledger.statement()
    assert statement["closing_fen"] == 11_300
    assert [band["amount_fen"] for band in statement["ageing"]] == [11_300, 0, 0, 0, 0]


def test_unknown_journal_is_not_found(ledger: LedgerClient) -> None:
    with ledger.unchanged():
        for journal_id in ("D0001.shipment.NOPE", "not-an-id", "D0001.", "D0001.ACCOUNTS", "D0009.x"):
            assert ledger.reverse(journal_id).json["code"] == "not-found"
            assert ledger.get(f"/journals/{journal_id}").status == 404


def test_reversal_requires_a_reason(ledger: LedgerClient) -> None:
    journal_id = f"D0001.shipment.{ledger.ship()}"
    with ledger.unchanged():
        for reason in ("", "  ", "长" * 121):
            assert ledger.reverse(journal_id, reason).json["errors"][0]["field"] == "reason"


def test_trial_balance_is_zero_at_every_read(ledger: LedgerClient) -> None:
    def check(debit_fen: int) -> None:
        balance = ledger.get("/trial-balance").json
        assert (balance["difference_fen"], balance["debit_fen"]) == (0, debit_fen)

    check(0)
    first = ledger.ship(11_300)
    check(11_300)
    ledger.ship(22_600, dealer="D0002")
    check(33_900)
    ledger.pay(50_000, "A1")  # more than D0001 owes, so its receivable becomes a credit
    check(50_000)
    ledger.reverse(f"D0001.shipment.{first}")
    check(50_000)
    assert ledger.get("/trial-balance").json["ledgers"] == 2
