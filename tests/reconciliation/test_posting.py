"""Booking shipments and money, and taking them back."""

from __future__ import annotations

from typing import Any

import pytest

from services.reconciliation.ledger.rules import Unbalanced
from tests.reconciliation.books import Books


def test_a_shipment_stands_on_the_statement_at_once(books: Books) -> None:
    shipment_id = books.shipped(11_300)
    statement = books.statement()
    assert (statement["opening_fen"], statement["debit_fen"], statement["closing_fen"]) == (0, 11_300, 11_300)
    (line,) = statement["lines"]
    assert (line["label"], line["document_id"], line["reference"]) == ("发货 / Shipment", shipment_id, "SF1")
    assert (line["posted_on"], line["due_on"], line["balance_fen"]) == ("2026-11-23", "2026-12-23", 11_300)
    assert [band["amount_fen"] for band in statement["ageing"]] == [11_300, 0, 0, 0, 0]


def test_a_shipment_is_booked_against_sales_and_tax(books: Books) -> None:
    shipment_id = books.shipped(11_300)
    journal = books.get(f"/journals/D0001.shipment.{shipment_id}").json
    entries = {entry["account"]: (entry["debit_fen"], entry["credit_fen"]) for entry in journal["entries"]}
    assert entries == {"receivable": (11_300, 0), "sales": (0, 10_000), "output_tax": (0, 1_300)}
    assert (journal["posted_by"], journal["reversed_by"]) == ("qudao.orders", None)


def test_whatever_is_told_again_changes_nothing(books: Books) -> None:
    shipment_id = books.shipped(11_300)
    books.received(5_000, "A1")
    books.reverse(f"D0001.shipment.{shipment_id}")
    books.now("2026-12-01T09:00:00+08:00")
    books.run("2026-11")
    assert books.periods() == ["2026-11"]
    with books.unchanged():
        books.world.redeliver_everything()


def test_the_same_shipment_told_in_another_event_is_booked_once(books: Books) -> None:
    books.shipped(11_300, shipment="D0001-000001-S01")
    books.shipped(11_300, shipment="D0001-000001-S01")
    assert books.statement()["closing_fen"] == 11_300


def test_the_order_in_which_documents_arrive_does_not_matter(books: Books) -> None:
    told = [(100, "2026-11-03T10:00:00+08:00"), (200, "2026-11-01T10:00:00+08:00"), (300, "2026-11-02T10:00:00+08:00")]
    for dealer, arriving in (("D0001", told), ("D0002", [told[1], told[2], told[0]])):
        for gross, at in arriving:
            books.shipped(gross, dealer=dealer, at=at, shipment=f"{dealer}-{gross:06d}-S01")

    def seen(dealer: str) -> Any:
        statement = books.statement(dealer)
        lines = [(line["posted_on"], line["debit_fen"], line["balance_fen"]) for line in statement["lines"]]
        return lines, statement["closing_fen"], statement["ageing"]

    assert seen("D0001") == seen("D0002")
    assert [balance for _, _, balance in seen("D0001")[0]] == [200, 500, 600]


def test_goods_given_away_leave_no_trace_in_the_ledger(books: Books) -> None:
    books.shipped(0)
    assert books.statement()["lines"] == []


def test_a_shipment_that_does_not_add_up_is_handed_back_and_books_nothing(books: Books) -> None:
    with books.unchanged(), pytest.raises(Unbalanced):
        books.shipped(11_300, net=9_999, by_hand=True)


def test_partial_shipments_add_up_to_the_order(books: Books) -> None:
    for number, gross in enumerate((3_333, 3_333, 3_334), 1):
        books.shipped(gross, shipment=f"D0001-000001-S{number:02d}")
    assert books.statement()["closing_fen"] == 10_000


def test_money_is_booked_said_and_lowers_what_is_owed(books: Books) -> None:
    books.shipped(11_300)
    answer = books.received(5_000, "A1")
    assert answer.status == 201
    assert (answer.json["posted_on"], answer.json["received_on"], answer.json["bank"]) == (
        "2026-11-23",
        "2026-11-23",
        "MAIN",
    )
    assert books.statement()["closing_fen"] == 6_300
    (said,) = books.said("payment.posted.v1")
    assert said == {
        "payment_id": answer.json["payment_id"],
        "dealer_id": "D0001",
        "amount_fen": 5_000,
        "received_on": "2026-11-23",
    }


def test_the_same_request_books_once_and_answers_the_same(books: Books) -> None:
    first = books.received(5_000, "A1", key="once")
    with books.unchanged():
        assert books.received(5_000, "A1", key="once").text == first.text
        assert books.received(6_000, "A2", key="once").json["code"] == "idempotency-key-reused"


def test_a_bank_reference_counts_once_however_spelt_and_to_whomever_booked(books: Books) -> None:
    first = books.received(5_000, "ICBC 2026-1")
    with books.unchanged():
        for spelling in ("ICBC 2026-1", "icbc2026-1", "IC BC2026-1"):
            again = books.received(5_000, spelling, dealer="D0002")
            assert (again.status, again.json["code"]) == (409, "payment-already-posted")
            assert again.json["payment_id"] == first.json["payment_id"]
    assert books.received(5_000, "ICBC 2026-1", bank="CCB").status == 201


def test_a_bank_reference_stays_used_after_its_receipt_was_taken_back(books: Books) -> None:
    payment = books.received(5_000, "A1").json
    assert books.reverse(payment["journal_id"], "记错经销商").status == 201
    assert books.received(5_000, "A1", dealer="D0002").status == 409
    assert books.received(5_000, "A1/2", dealer="D0002").status == 201
    assert [books.statement(dealer)["closing_fen"] for dealer in ("D0001", "D0002")] == [0, -5_000]


_GOOD = {"dealer_id": "D0001", "amount_fen": 5_000, "received_on": "2026-11-20", "bank_reference": "A1"}


def test_a_wrong_receipt_names_its_field_and_books_nothing(books: Books) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
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
        ({"bank_reference": "A#1"}, "bank_reference"),
        ({"bank_reference": "A" * 61}, "bank_reference"),
        ({"bank": "../x"}, "bank"),
        ({"surprise": 1}, "surprise"),
    ]
    with books.unchanged():
        for change, field in wrong:
            answer = books.post("/payments", _GOOD | change)
            assert answer.status == 422, change
            assert field in [problem["field"] for problem in answer.json["errors"]], change


def test_money_without_a_key_or_from_the_wrong_hands_is_refused(books: Books) -> None:
    with books.unchanged():
        call = books.world.call
        finance, admin = books.world.token(role="finance"), books.world.token(role="admin")
        assert call("reconciliation", "POST", "/payments", body=_GOOD, token=finance).status == 400
        assert call("reconciliation", "POST", "/payments", body=_GOOD, token=admin, key="k").status == 403
        assert call("reconciliation", "POST", "/payments", body=_GOOD, key="k").status == 401


def test_a_reversal_mirrors_its_journal_and_says_so(books: Books) -> None:
    shipment_id = books.shipped(11_300)
    answer = books.reverse(f"D0001.shipment.{shipment_id}", "发错货")
    assert answer.status == 201
    entries = {entry["account"]: (entry["debit_fen"], entry["credit_fen"]) for entry in answer.json["entries"]}
    assert entries == {"receivable": (0, 11_300), "sales": (10_000, 0), "output_tax": (1_300, 0)}
    statement = books.statement()
    assert [(line["label"], line["reference"]) for line in statement["lines"]][1] == ("冲销 / Reversal", "发错货")
    assert statement["closing_fen"] == 0
    original = books.get(f"/journals/D0001.shipment.{shipment_id}").json
    assert original["reversed_by"] == answer.json["journal_id"]
    (said,) = books.said("journal.reversed.v1")
    assert (said["document_id"], said["owed_change_fen"], said["reason"]) == (shipment_id, -11_300, "发错货")


def test_a_journal_is_reversed_once(books: Books) -> None:
    journal_id = f"D0001.shipment.{books.shipped()}"
    first = books.reverse(journal_id, key="once")
    with books.unchanged():
        assert books.reverse(journal_id, key="once").text == first.text
        again = books.reverse(journal_id)
        assert (again.status, again.json["code"]) == (409, "already-reversed")
        assert again.json["reversed_by"] == first.json["journal_id"]


def test_a_reversal_made_by_mistake_is_itself_reversed(books: Books) -> None:
    reversal = books.reverse(f"D0001.shipment.{books.shipped(11_300)}").json
    assert books.reverse(reversal["journal_id"], "冲错了").status == 201
    statement = books.statement()
    assert statement["closing_fen"] == 11_300
    assert [band["amount_fen"] for band in statement["ageing"]] == [11_300, 0, 0, 0, 0]


def test_what_was_never_booked_cannot_be_reversed(books: Books) -> None:
    with books.unchanged():
        for journal_id in ("D0001.shipment.NOPE", "nonsense", "D0001.", "D0001.ACCOUNTS", "D0009.x"):
            assert books.reverse(journal_id).json["code"] == "not-found"
            assert books.get(f"/journals/{journal_id}").status == 404


def test_a_reversal_needs_a_reason(books: Books) -> None:
    journal_id = f"D0001.shipment.{books.shipped()}"
    with books.unchanged():
        for reason in ("", "  ", "长" * 121):
            assert books.reverse(journal_id, reason).json["errors"][0]["field"] == "reason"


def test_the_trial_balance_is_zero_whenever_it_is_read(books: Books) -> None:
    def check(debit_fen: int) -> None:
        balance = books.get("/trial-balance").json
        assert (balance["difference_fen"], balance["debit_fen"]) == (0, debit_fen)

    check(0)
    first = books.shipped(11_300)
    check(11_300)
    books.shipped(22_600, dealer="D0002")
    check(33_900)
    books.received(50_000, "A1")  # more than is owed: the dealers' receivable stays a debit only in sum
    check(50_000)
    books.reverse(f"D0001.shipment.{first}")
    check(50_000)
    assert books.get("/trial-balance").json["ledgers"] == 2
