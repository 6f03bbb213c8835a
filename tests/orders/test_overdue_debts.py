"""Overdue debts stop the orders of a dealer until they are paid or finance accepts them."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from contracts.catalog import PriceListItem, price_list_key
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.credit import update_credit
from services.orders.credit.items import OrderingAccountItem, ReceivablesItem, ordering_account_key, receivables_key
from services.orders.credit.load_dealer_credit import load_dealer_credit, require_unchanged_dealer_credit
from services.orders.credit.receivables import unpack_debts
from services.orders.credit.rules import CreditChange
from tests.orders.client import OrdersClient
from tests.orders.test_obstacles import change_dealer, minute_passes
from tests.support import fixtures
from tests.support.fixtures import counters, open_shop, order_of

#: The clock of the tests begins on this day; payment is due 30 days later.
SHIPPED_ON, DUE_ON = "2026-11-23", "2026-12-23"
#: Ten pieces at 12.50 yuan.
DEBT_FEN = 12_500


def pay(client: OrdersClient, fen: int, reference: str) -> str:
    """Post a payment of the dealer today, deliver all messages, and return the id of its journal."""
    today = clock.business_date(clock.now()).isoformat()
    body = {"dealer_id": "D0001", "amount_fen": fen, "received_on": today, "bank_reference": reference}
    answer = client.world.call(
        "reconciliation", "POST", "/payments", body=body, token=client.world.token(role="finance"), key=reference
    )
    assert answer.status == 201, answer.json
    client.world.drain()
    return str(answer.json["journal_id"])


def reverse(client: OrdersClient, journal_id: str) -> None:
    """Reverse a journal, as for a cheque that bounced, and deliver all messages."""
    answer = client.world.call(
        "reconciliation",
        "POST",
        f"/journals/{journal_id}/reversal",
        body={"reason": "退票"},
        token=client.world.token(role="finance"),
        key=f"reverse-{journal_id}",
    )
    assert answer.status == 201, answer.json
    client.world.drain()


def owing(client: OrdersClient, **shop: Any) -> OrdersClient:
    """Open a shop, and ship goods for 125 yuan to a dealer."""
    open_shop(**shop)
    client.ship(client.approved(order_of((1, 10))))
    client.world.drain()
    return client


def debts() -> list[tuple[str, int]]:
    account = OrderingAccountItem.get(*ordering_account_key("D0001"), consistent_read=True)
    return [(debt.due_on, debt.fen) for debt in unpack_debts(account.debts)]


def facts_of(client: OrdersClient, order_id: str, event: str) -> dict[str, Any]:
    """Return the facts of the last event of a type in an order's timeline."""
    token = client.world.token(role="finance")
    entries = client.world.call("orders", "GET", f"/orders/{order_id}/timeline", token=token).json["entries"]
    facts: dict[str, Any] = [entry["facts"] for entry in entries if entry["event"] == event][-1]
    return facts


def codes_of(client: OrdersClient, in_review: str, confirmed: str) -> list[str]:
    """Return what submit, approve, ship and extend answer: the code of a refusal, `hold`, or nothing."""
    answers = [
        client.submit(order_of((2, 1))),
        client.act(in_review, "extend-reservation", {"reason": "r"}),
        client.act(in_review, "approve", {}),
        client.ship(confirmed, (1, 1)),
    ]
    client.world.drain()
    codes = [str(answer.json.get("code", "")) for answer in answers]
    if answers[0].status == 202:
        codes[0] = ",".join(client.show(answers[0].json["order_id"]).json["holds"])
    return codes


#: What submit, extend, approve and ship answer.
STOPPED_BY: dict[str, list[str]] = {
    "nothing": ["", "", "", ""],
    "suspended": ["dealer-not-active"] * 4,
    "over limit": ["credit", "credit-hold", "credit-hold", "credit-hold"],
    "overdue": ["credit", "debt-overdue", "debt-overdue", "debt-overdue"],
    "price list gone": ["no-valid-price-list", "", "", ""],
}


@pytest.mark.parametrize("condition", STOPPED_BY)
def test_each_step_of_an_order_is_stopped_by_its_obstacles(client: OrdersClient, condition: str) -> None:
    owing(client)
    client.world.clock.advance(days=30)
    in_review, confirmed = client.accepted(order_of((1, 4))), client.approved(order_of((1, 4)))
    if condition == "overdue":
        client.world.clock.advance(days=1)
    elif condition == "suspended":
        change_dealer(status="suspended")
    elif condition == "over limit":
        change_dealer(limit_fen=0)
    elif condition == "price list gone":
        price_list = PriceListItem.get(*price_list_key(fixtures.PRICE_LIST))
        price_list.valid_to = SHIPPED_ON
        price_list.save()
    assert codes_of(client, in_review, confirmed) == STOPPED_BY[condition]
    assert client.act(in_review, "cancel", {"reason": "r"}).status == 200, "an order can always be ended"


def test_debt_stops_orders_from_the_day_after_its_due_day(client: OrdersClient) -> None:
    owing(client)
    assert debts() == [(DUE_ON, DEBT_FEN)]
    client.world.clock.advance(days=30)
    in_time = client.accepted(order_of((1, 1)))
    assert client.show(in_time).json["holds"] == []
    client.world.clock.advance(days=1)
    before = counters(1)
    held = client.accepted(order_of((1, 2)))
    shown = client.show(held).json
    assert (shown["holds"], shown["reserved"], counters(1)) == (["credit"], 0, before)
    refused = client.act(held, "approve", {})
    assert (refused.json["code"], refused.json["reasons"]) == ("debt-overdue", ["debt-overdue"])
    assert (refused.json["overdue_fen"], refused.json["oldest_due_on"]) == (DEBT_FEN, DUE_ON)
    quoted = client.quote(order_of((1, 1))).json
    assert [obstacle["code"] for obstacle in quoted["obstacles"]] == ["debt-overdue"]
    assert (quoted["credit"]["overdue_fen"], quoted["credit"]["oldest_due_on"]) == (DEBT_FEN, DUE_ON)
    other = client.accepted(order_of((1, 1)), dealer="D0002")
    assert client.show(other).json["holds"] == []


def test_payment_releases_the_hold_only_when_it_covers_what_is_overdue(client: OrdersClient) -> None:
    owing(client)
    client.world.clock.advance(days=31)
    held = client.accepted(order_of((1, 2)))
    pay(client, DEBT_FEN - 1, "BK-1")
    minute_passes(client)
    assert client.show(held).json["holds"] == ["credit"]
    assert client.act(held, "approve", {}).json["overdue_fen"] == 1
    pay(client, 1, "BK-2")
    minute_passes(client)
    shown = client.show(held).json
    assert (shown["holds"], shown["reserved"], debts()) == ([], 2, [])
    assert client.act(held, "approve", {}).status == 200


def test_bounced_cheque_stops_a_confirmed_order_and_frees_its_stock(client: OrdersClient) -> None:
    owing(client)
    journal_id = pay(client, DEBT_FEN, "CHEQUE-1")
    client.world.clock.advance(days=31)
    confirmed = client.approved(order_of((1, 4)))
    before = counters(1)
    reverse(client, journal_id)
    assert debts() == [(DUE_ON, DEBT_FEN)]
    for _ in range(2):
        refused = client.ship(confirmed)
        assert (refused.status, refused.json["code"]) == (409, "debt-overdue")
    client.world.drain()
    shown = client.show(confirmed).json
    assert (shown["state"], shown["holds"], shown["reserved"]) == ("confirmed", ["credit"], 0)
    assert sum(counters(1)) == sum(before)
    placed = facts_of(client, confirmed, "order.credit-hold-placed.v1")
    assert (placed["overdue_fen"], placed["oldest_due_on"]) == (DEBT_FEN, DUE_ON)


def test_release_accepts_the_debt_of_that_moment_and_no_further_one(client: OrdersClient) -> None:
    owing(client)
    client.world.clock.advance(days=2)
    client.ship(client.approved(order_of((1, 4))))
    client.world.drain()
    client.world.clock.advance(days=29)
    held = client.accepted(order_of((1, 8)))
    assert client.act(held, "holds/credit/release", {"reason": "已核实"}, role="finance").status == 200
    client.world.drain()
    released = facts_of(client, held, "order.hold-released.v1")
    assert (released["overdue_fen"], released["oldest_due_on"]) == (DEBT_FEN, DUE_ON)
    assert client.act(held, "approve", {}).status == 200
    assert client.ship(held, (1, 2)).status == 201, "finance has accepted this debt"
    client.world.drain()
    fresh = client.accepted(order_of((1, 1)))
    assert client.show(fresh).json["holds"] == ["credit"], "what finance accepted is not for new orders"
    client.world.clock.advance(days=2)
    refused = client.ship(held)
    assert (refused.status, refused.json["code"]) == (409, "debt-overdue")
    assert (refused.json["overdue_fen"], refused.json["accepted_overdue_fen"]) == (DEBT_FEN + 5_000, DEBT_FEN)


def test_voided_shipment_and_redelivery_leave_no_debt(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    client.ship(order_id)
    body = {"reason": "未发出"}
    assert client.act(order_id, f"shipments/{order_id}-S01/void", body, role="warehouse").status == 200
    client.world.drain()
    assert debts() == []
    client.world.redeliver_everything()
    assert debts() == []
    client.ship(order_id)
    client.world.drain()
    client.world.redeliver_everything()
    assert debts() == [(DUE_ON, DEBT_FEN)]


def test_prepaid_dealer_owes_nothing(client: OrdersClient) -> None:
    open_shop()
    pay(client, DEBT_FEN, "BK-1")
    client.ship(client.approved(order_of((1, 10))))
    client.world.drain()
    client.world.clock.advance(days=60)
    assert (debts(), client.show(client.accepted(order_of((1, 1)))).json["holds"]) == ([], [])
    stored = ReceivablesItem.get(*receivables_key("D0001"), consistent_read=True)
    assert (stored.by_due_day, stored.covered_fen, stored.version) == ({DUE_ON: DEBT_FEN}, DEBT_FEN, 2)


def test_receivables_keep_an_event_that_was_applied_meanwhile(client: OrdersClient) -> None:
    owing(client)
    read = update_credit.fetch_one
    meanwhile = iter([CreditChange("D0001", 0, 700, DUE_ON)])

    def read_and_apply_another(kind: Any, key: Any) -> Any:
        stored = read(kind, key)
        for change in meanwhile:
            update_credit._apply("evt_meanwhile", change)
        return stored

    with patch.object(update_credit, "fetch_one", read_and_apply_another):
        update_credit._apply("evt_1", CreditChange("D0001", 0, 30, DUE_ON))
    assert debts() == [(DUE_ON, DEBT_FEN + 730)]


def test_approval_is_decided_anew_when_debts_change_meanwhile(client: OrdersClient) -> None:
    owing(client)
    seen = load_dealer_credit("D0001")
    unchanged, changed = Transaction(), Transaction()
    for transaction in (unchanged, changed):
        require_unchanged_dealer_credit(transaction, "D0001", seen)
    unchanged.commit()
    update_credit._apply("evt_1", CreditChange("D0001", 0, 1, DUE_ON))
    with pytest.raises(TransactionRefused) as refused:
        changed.commit()
    assert set(refused.value.reasons) == {"account"}
