"""Orders from submit to the last shipment, in the in-process world."""

from __future__ import annotations

import pytest

from contracts.catalog import PriceListItem, PricePageItem, price_list_key, price_page_key
from contracts.dealers import DealerItem, dealer_key
from contracts.reconciliation import JournalReversed, PaymentPosted
from contracts.stock import SKUS_PER_BUCKET
from kernel.messaging.outbox import outbox_event
from services.orders.credit.items import OrderingAccountItem, account_key
from services.orders.order import rules
from services.orders.order.items import HeaderItem, part_key
from tests import shop
from tests.interruptions import Killed, killed_at
from tests.orders.client import OrdersClient
from tests.shop import counters, open_shop, order_of, sku
from tests.world import World


@pytest.fixture
def client(world: World) -> OrdersClient:
    return OrdersClient(world)


def committed_fen() -> int:
    return int(OrderingAccountItem.get(*account_key("D0001"), consistent_read=True).committed_fen)


def test_order_is_stored_reserved_approved_shipped_and_closed(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    assert counters(1) == (90, 10)
    waiting = client.show(order_id).json
    assert (waiting["state"], waiting["reserved"], waiting["holds"]) == ("in_review", 15, [])
    assert waiting["visible_at"] >= waiting["submitted_at"]

    assert client.act(order_id, "approve", {"note": "今天发"}).status == 200
    shipment = client.ship(order_id)
    assert shipment.status == 201, shipment.json
    assert shipment.json["state"] == "closed"
    assert (shipment.json["pieces"], shipment.json["gross_fen"]) == (15, 15 * 1250)
    assert counters(1) == (90, 0)
    timeline = client.world.call(
        "orders",
        "GET",
        f"/orders/{order_id}/timeline",
        token=client.world.token(role="dealer_buyer", dealer_id="D0001"),
    )
    assert [entry["event"].split(".")[1] for entry in timeline.json["entries"]] == [
        "submitted",
        "reserved",
        "approved",
        "shipped",
    ]


def test_order_numbers_count_per_dealer_without_a_gap(client: OrdersClient) -> None:
    open_shop()
    assert [client.accepted(order_of((1, 1))) for _ in range(3)] == [f"D0001-00000{number}" for number in (1, 2, 3)]
    assert client.accepted(order_of((1, 1)), dealer="D0002") == "D0002-000001"


def test_repeated_submit_answers_the_same_with_one_order(client: OrdersClient) -> None:
    open_shop()
    first = client.submit(order_of((1, 10)), key="once")
    again = client.submit(order_of((1, 10)), key="once")
    client.world.drain()
    late = client.submit(order_of((1, 10)), key="once")
    assert first.json == again.json == late.json
    assert counters(1) == (90, 10)
    listed = client.world.call(
        "orders", "GET", "/orders", token=client.world.token(role="dealer_buyer", dealer_id="D0001")
    )
    assert [one["order_id"] for one in listed.json["orders"]] == [first.json["order_id"]]


def test_repeated_submit_answers_the_same_when_it_would_now_be_refused(client: OrdersClient) -> None:
    open_shop()
    first = client.submit(order_of((1, 10)), key="once")
    shop.change_product(1, status="discontinued")
    assert client.submit(order_of((1, 10)), key="once").json == first.json
    assert client.submit(order_of((1, 10)), key="other").status == 422


def test_submit_is_refused_when_the_key_belongs_to_another_order(client: OrdersClient) -> None:
    open_shop()
    client.submit(order_of((1, 10)), key="once")
    refused = client.submit(order_of((1, 11)), key="once")
    assert (refused.status, refused.json["code"]) == (422, "idempotency-key-reused")


def test_redelivery_of_all_messages_changes_nothing(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    client.act(order_id, "approve", {})
    client.ship(order_id, (1, 4))
    client.world.drain()
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before


def test_two_lines_of_a_sku_do_not_oversell(client: OrdersClient) -> None:
    open_shop(stock=15)
    order_id = client.accepted(order_of((1, 10), (1, 10)))
    shown = client.show(order_id).json
    assert [(line["reserved"], line["backordered"]) for line in shown["lines"]] == [(10, 0), (5, 5)]
    assert (counters(1), shown["holds"]) == ((0, 15), ["stock"])


def test_short_order_reserves_what_is_available_and_backorders_the_rest(client: OrdersClient) -> None:
    open_shop(stock=6)
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    shown = client.show(order_id).json
    assert (shown["reserved"], shown["backordered"]) == (11, 4)
    refused = client.act(order_id, "approve", {})
    assert (refused.status, refused.json["code"]) == (409, "order-on-hold")
    assert client.act(order_id, "holds/stock/release", {"reason": "先发现货"}).status == 200
    assert client.act(order_id, "approve", {}).status == 200
    shipped = client.ship(order_id)
    assert (shipped.json["state"], counters(1)) == ("confirmed", (0, 0))
    assert client.ship(order_id).json["code"] == "nothing-to-ship"
    assert client.act(order_id, "cancel", {"reason": "余货不要"}).json["state"] == "closed"


def test_all_or_nothing_order_reserves_nothing_when_a_line_is_short(client: OrdersClient) -> None:
    open_shop(stock=6)
    order_id = client.accepted(order_of((1, 10), (2, 5), shortage_policy="all_or_nothing"))
    shown = client.show(order_id).json
    assert (shown["reserved"], shown["backordered"]) == (0, 15)
    assert (counters(1), counters(2)) == ((6, 0), (6, 0))


def test_product_never_received_is_backordered(client: OrdersClient) -> None:
    open_shop(stock=None)
    assert client.show(client.accepted(order_of((1, 10)))).json["backordered"] == 10


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
    assert (refused.status, refused.json["code"], refused.json["holds"]) == (409, "order-on-hold", ["credit"])
    assert client.show(order_id).json["state"] == "in_review"
    assert client.act(order_id, "holds/credit/release", body, role="finance").json["holds"] == []
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
    assert int(OrderingAccountItem.get(*account_key("D0001")).committed_fen) == 12_500


def test_partial_shipments_add_up_to_the_order(client: OrdersClient) -> None:
    open_shop(unit_price="0.333")
    order_id = client.accepted(order_of((1, 10)))
    client.act(order_id, "approve", {})
    sent = [client.ship(order_id, (1, quantity)).json for quantity in (1, 2, 7)]
    shown = client.show(order_id).json
    assert sum(one["gross_fen"] for one in sent) == shown["gross_fen"] == 333
    assert sum(one["tax_fen"] for one in sent) == shown["tax_fen"]
    assert shown["state"] == "closed"
    listed = client.shipments(order_id)
    assert [one["lines"] for one in listed] == [
        [{"line_no": 1, "sku": sku(1), "quantity": quantity, "gross_fen": one["gross_fen"], "tax_fen": one["tax_fen"]}]
        for quantity, one in zip((1, 2, 7), sent, strict=True)
    ]
    assert [one["shipment_id"] for one in listed] == [f"{order_id}-S{number:02d}" for number in (1, 2, 3)]


def test_shipment_of_many_lines_is_one_transaction(client: OrdersClient) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 100, SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket)
    order_id = client.approved(order_of(*((number, 10) for number in one_a_bucket)))
    assert client.ship(order_id).json["state"] == "closed"
    (shipment,) = client.shipments(order_id)
    assert [line["quantity"] for line in shipment["lines"]] == [10] * 100
    assert (shipment["pieces"], counters(0)) == (1_000, (90, 0))


def test_two_lines_of_a_sku_ship_together(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 3), (2, 5), (1, 4)))
    assert client.ship(order_id).json["state"] == "closed"
    assert (counters(1), counters(2)) == ((93, 0), (95, 0))


def test_cancelled_order_keeps_its_shipped_part_committed(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    assert client.ship(order_id, (1, 4)).status == 201
    assert client.act(order_id, "cancel", {"reason": "够了"}).json["state"] == "closed"
    assert (committed_fen(), counters(1)) == (5_000, (96, 0))


def test_shipment_under_another_key_is_another_shipment(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    assert client.ship(order_id, (1, 4), key="first").status == 201
    second = client.ship(order_id, (1, 4), key="second")
    assert (second.status, len(client.shipments(order_id)), counters(1)) == (201, 2, (90, 2))
    assert client.ship(order_id, (1, 4), key="second").text == second.text
    assert counters(1) == (90, 2)


def test_shipment_beyond_the_reservation_is_refused_and_changes_nothing(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10)))
    client.act(order_id, "approve", {})
    before = client.world.snapshot()
    refused = client.ship(order_id, (1, 6), (1, 5))
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "lines.0.quantity")
    assert client.ship(order_id, (2, 1)).status == 422
    assert client.world.snapshot() == before


def test_submit_names_every_line_problem_and_writes_nothing(client: OrdersClient) -> None:
    open_shop(products=2)
    before = client.world.snapshot()
    refused = client.submit(
        {"lines": [{"sku": "NOPE", "quantity": 1}, {"sku": "L00001", "quantity": 1}, {"sku": "X", "quantity": 2}]}
    )
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == ["lines.0.sku", "lines.2.sku"]
    assert client.world.snapshot() == before


def test_quantity_break_counts_a_sku_over_all_lines(client: OrdersClient) -> None:
    open_shop()
    page = PricePageItem.get(*price_page_key(shop.PRICE_LIST, 1, 0))
    page.prices = {**page.prices, "1": {"unit_price": "12.50", "price_policy": "P1", "breaks": [[20, "10.00"]]}}
    page.save()
    lines = client.show(client.accepted(order_of((1, 12), (2, 12), (1, 8)))).json["lines"]
    assert [line["unit_price"] for line in lines] == ["10.00", "12.50", "10.00"]
    just_below = client.show(client.accepted(order_of((1, 12), (1, 7)))).json["lines"]
    assert [line["unit_price"] for line in just_below] == ["12.50", "12.50"]


def test_price_list_is_valid_on_its_last_day_only(client: OrdersClient) -> None:
    open_shop()
    price_list = PriceListItem.get(*price_list_key(shop.PRICE_LIST))
    price_list.valid_to = "2026-11-23"
    price_list.save()
    assert client.submit(order_of((1, 1))).status == 202
    client.world.clock.advance(days=1)
    refused = client.submit(order_of((1, 1)))
    assert (refused.status, refused.json["code"]) == (409, "no-valid-price-list")
    assert committed_fen() == 1_250, "what was refused commits nothing"


def test_suspended_dealer_is_refused_and_gets_no_order_number(client: OrdersClient) -> None:
    open_shop()
    dealer = DealerItem.get(*dealer_key("D0001"))
    dealer.status = "suspended"
    dealer.save()
    assert client.submit(order_of((1, 1))).json["code"] == "dealer-not-active"


def test_order_of_another_dealer_is_not_found(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10)))
    foreign = client.show(order_id, dealer="D0002")
    missing = client.show("D0001-000099", dealer="D0002")
    assert (foreign.status, foreign.json) == (missing.status, missing.json)
    assert foreign.status == 404


def test_goods_receipt_counts_once_per_delivery_note(client: OrdersClient) -> None:
    open_shop(stock=None)
    lines = [("L00001", 7), ("L00001", 3)]
    first = client.receive("DN-1", *lines, key="a")
    assert (first.status, counters(1)) == (201, (10, 0))
    again, other = client.receive("DN-1", *lines, key="a"), client.receive("DN-1", *lines, key="b")
    assert (again.json, other.json["code"], counters(1)) == (first.json, "already-received", (10, 0))
    token = client.world.token(role="warehouse")
    shown = client.world.call("orders", "GET", "/stock/GZ", query={"skus": "L00001,L00002"}, token=token)
    assert [line["on_hand"] for line in shown.json["stock"]] == [10, 0]


def test_urgent_orders_are_first_in_the_review_queue(client: OrdersClient) -> None:
    open_shop()
    calm = client.accepted(order_of((1, 1)))
    urgent = client.accepted(order_of((1, 1), urgent=True))
    queue = client.world.call("orders", "GET", "/review-queue", token=client.world.token(role="assistant"))
    assert [one["order_id"] for one in queue.json["orders"]] == [urgent, calm]


@pytest.mark.parametrize("shortage_policy", ["ship_available", "all_or_nothing"])
@pytest.mark.parametrize("stock", [100, 5])
def test_order_over_many_buckets_is_reserved_in_full(client: OrdersClient, shortage_policy: str, stock: int) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 100, SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket, stock=stock)
    lines = [(number, 10) for number in one_a_bucket]
    order_id = client.accepted(order_of(*lines, shortage_policy=shortage_policy))
    shown = client.show(order_id).json
    expected = 1_000 if stock == 100 else 500 if shortage_policy == "ship_available" else 0
    assert (shown["state"], shown["reserved"], shown["reserved"] + shown["backordered"]) == (
        "in_review",
        expected,
        1_000,
    )
    assert sum(counters(number)[1] for number, _ in lines) == expected
    if expected:
        if shown["holds"]:
            client.act(order_id, "holds/stock/release", {"reason": "先发"})
        client.act(order_id, "approve", {})
        assert client.ship(order_id).json["pieces"] == expected
        assert sum(counters(number)[1] for number, _ in lines) == 0
    else:
        assert client.act(order_id, "reject", {"reason": "缺货"}).json["state"] == "rejected"


def test_cancel_releases_an_order_over_many_buckets(client: OrdersClient) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 100, SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket)
    lines = [(number, 10) for number in one_a_bucket]
    order_id = client.accepted(order_of(*lines))
    assert client.act(order_id, "cancel", {"reason": "不要了"}).json["cancelled"] == 1_000
    assert {counters(number) for number, _ in lines} == {(100, 0)}


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


def test_failing_message_does_not_block_other_orders(client: OrdersClient) -> None:
    open_shop()
    lost, *others = [client.submit(order_of((1, 1))).json["order_id"] for _ in range(5)]
    HeaderItem.get(*part_key("HEADER", lost)).delete()
    client.world.drain(may_fail=True)
    assert [client.show(order_id).json["state"] for order_id in others] == ["in_review"] * 4
    assert len(client.world.dead_letters()) == 1
    assert counters(1) == (96, 4)
