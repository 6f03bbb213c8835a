"""Credit: holds, payments, reversals, ended orders."""

from __future__ import annotations

import pytest

from contracts.reconciliation import JournalReversed, PaymentPosted
from contracts.stock import SKUS_PER_BUCKET
from kernel.messaging.outbox import outbox_event
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.order import rules
from tests.orders.client import OrdersClient
from tests.support.fixtures import counters, open_shop, order_of
from tests.support.interruptions import Killed, killed_at


def committed_fen() -> int:
    return int(OrderingAccountItem.get(*ordering_account_key("D0001"), consistent_read=True).committed_fen)


@pytest.mark.parametrize("action", ["reject", "cancel"])
def test_ended_order_releases_stock_and_credit(client: OrdersClient, action: str) -> None:
    open_shop(credit_limit_fen=12_500)
    order_id = client.accepted(order_of((1, 10)))
    assert client.act(order_id, action, {"reason": "价格有误"}).status == 200
    assert counters(1) == (100, 0)
    again = client.accepted(order_of((1, 10)))
    assert client.show(again).json["holds"] == []


def test_order_over_the_credit_limit_gets_a_credit_hold(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=12_499)
    order_id = client.accepted(order_of((1, 10)))
    assert client.show(order_id).json["holds"] == ["credit"]
    body = {"reason": "老客户"}
    assert client.act(order_id, "holds/credit/release", body, role="assistant").status == 403
    refused = client.act(order_id, "approve", {})
    assert (refused.status, refused.json["code"], refused.json["holds"]) == (409, "credit-hold", ["credit"])
    assert client.show(order_id).json["state"] == "in_review"
    assert client.act(order_id, "holds/credit/release", body, role="finance").json["holds"] == []
    client.world.drain()
    assert client.act(order_id, "approve", {}).json["state"] == "confirmed"


def test_credit_limit_counts_all_orders_of_the_dealer_alone(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=25_000)
    within = [client.accepted(order_of((1, 10)), dealer=dealer) for dealer in ("D0001", "D0001", "D0002")]
    beyond = client.accepted(order_of((1, 1)))
    assert [client.show(order_id).json["holds"] for order_id in (*within, beyond)] == [[], [], [], ["credit"]]


def test_payment_frees_credit_once_when_redelivered(client: OrdersClient) -> None:
    open_shop(credit_limit_fen=12_500)
    client.accepted(order_of((1, 10)))
    receipt = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=5_000, received_on="2026-11-23")
    outbox_event(receipt, pk="LEDGER#D0001", subject="pay_1", sequence=1, dealer_id="D0001").save()
    client.world.drain()
    client.world.redeliver_everything()
    assert committed_fen() == 7_500


def test_reversed_payment_takes_its_credit_back(client: OrdersClient) -> None:
    open_shop()
    client.accepted(order_of((1, 10)))
    receipt = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=5_000, received_on="2026-11-23")
    taken_back = JournalReversed(
        journal_id="j2",
        dealer_id="D0001",
        document_kind="payment",
        document_id="pay_1",
        owed_change_fen=5_000,
        reason="退票",
    )
    outbox_event(receipt, pk="LEDGER#D0001", subject="pay_1", sequence=1, dealer_id="D0001").save()
    outbox_event(taken_back, pk="LEDGER#D0001", subject="j2", sequence=1, dealer_id="D0001").save()
    client.world.drain()
    client.world.redeliver_everything()
    assert int(OrderingAccountItem.get(*ordering_account_key("D0001")).committed_fen) == 12_500


def test_interrupted_cancel_loses_no_credit(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BUCKETS_PER_TRANSACTION", 1)
    on_three_buckets = (0, SKUS_PER_BUCKET, 2 * SKUS_PER_BUCKET)
    open_shop(products=on_three_buckets, unit_price="1")
    order_id = client.approved(order_of(*((number, 10) for number in on_three_buckets)))
    with pytest.raises(Killed), killed_at(1, after=True):  # two buckets are free, the third is not
        client.act(order_id, "cancel", {"reason": "不要了"})
    assert [counters(number) for number in on_three_buckets] == [(100, 0), (100, 0), (90, 10)]
    shipped = client.ship(order_id).json
    assert (shipped["state"], committed_fen()) == ("confirmed", 3_000)
    ended = client.act(order_id, "cancel", {"reason": "不要了"}).json
    assert (ended["state"], ended["shipped"], ended["cancelled"], committed_fen()) == ("closed", 10, 20, 1_000)
    assert [counters(number) for number in on_three_buckets] == [(100, 0), (100, 0), (90, 0)]
