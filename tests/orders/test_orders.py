"""Orders from submit to the last shipment, on the in-process world."""

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
from tests.orders.desk import Desk
from tests.shop import counters, open_shop, order_of, sku
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def committed_fen() -> int:
    return int(OrderingAccountItem.get(*account_key("D0001"), consistent_read=True).committed_fen)


def test_an_order_is_stored_reserved_approved_shipped_and_closed(desk: Desk) -> None:
    open_shop()
    order_id = desk.accepted(order_of((1, 10), (2, 5)))
    assert counters(1) == (90, 10)
    waiting = desk.show(order_id).json
    assert (waiting["state"], waiting["reserved"], waiting["holds"]) == ("in_review", 15, [])
    assert waiting["visible_at"] >= waiting["submitted_at"]

    assert desk.act(order_id, "approve", {"note": "今天发"}).status == 200
    shipment = desk.ship(order_id)
    assert shipment.status == 201, shipment.json
    assert shipment.json["state"] == "closed"
    assert (shipment.json["pieces"], shipment.json["gross_fen"]) == (15, 15 * 1250)
    assert counters(1) == (90, 0)
    timeline = desk.world.call(
        "orders", "GET", f"/orders/{order_id}/timeline", token=desk.world.token(role="dealer_buyer", dealer_id="D0001")
    )
    assert [entry["event"].split(".")[1] for entry in timeline.json["entries"]] == [
        "submitted",
        "reserved",
        "approved",
        "shipped",
    ]


def test_numbers_count_per_dealer_without_a_gap(desk: Desk) -> None:
    open_shop()
    assert [desk.accepted(order_of((1, 1))) for _ in range(3)] == [f"D0001-00000{number}" for number in (1, 2, 3)]
    assert desk.accepted(order_of((1, 1)), dealer="D0002") == "D0002-000001"


def test_the_same_key_gives_the_same_answer_and_one_order(desk: Desk) -> None:
    open_shop()
    first = desk.submit(order_of((1, 10)), key="once")
    again = desk.submit(order_of((1, 10)), key="once")
    desk.world.drain()
    late = desk.submit(order_of((1, 10)), key="once")
    assert first.json == again.json == late.json
    assert counters(1) == (90, 10)
    listed = desk.world.call("orders", "GET", "/orders", token=desk.world.token(role="dealer_buyer", dealer_id="D0001"))
    assert [one["order_id"] for one in listed.json["orders"]] == [first.json["order_id"]]


def test_a_repeat_answers_as_before_even_when_the_order_would_now_be_refused(desk: Desk) -> None:
    open_shop()
    first = desk.submit(order_of((1, 10)), key="once")
    shop.change_product(1, status="discontinued")
    assert desk.submit(order_of((1, 10)), key="once").json == first.json
    assert desk.submit(order_of((1, 10)), key="other").status == 422


def test_the_same_key_with_another_order_is_refused(desk: Desk) -> None:
    open_shop()
    desk.submit(order_of((1, 10)), key="once")
    refused = desk.submit(order_of((1, 11)), key="once")
    assert (refused.status, refused.json["code"]) == (422, "idempotency-key-reused")


def test_delivering_everything_again_changes_nothing(desk: Desk) -> None:
    open_shop()
    order_id = desk.accepted(order_of((1, 10), (2, 5)))
    desk.act(order_id, "approve", {})
    desk.ship(order_id, (1, 4))
    desk.world.drain()
    before = desk.world.snapshot()
    desk.world.redeliver_everything()
    assert desk.world.snapshot() == before


def test_two_lines_of_one_sku_cannot_oversell_it(desk: Desk) -> None:
    open_shop(stock=15)
    order_id = desk.accepted(order_of((1, 10), (1, 10)))
    shown = desk.show(order_id).json
    assert [(line["reserved"], line["backordered"]) for line in shown["lines"]] == [(10, 0), (5, 5)]
    assert (counters(1), shown["holds"]) == ((0, 15), ["stock"])


def test_short_stock_holds_what_is_there_and_the_rest_waits(desk: Desk) -> None:
    open_shop(stock=6)
    order_id = desk.accepted(order_of((1, 10), (2, 5)))
    shown = desk.show(order_id).json
    assert (shown["reserved"], shown["backordered"]) == (11, 4)
    refused = desk.act(order_id, "approve", {})
    assert (refused.status, refused.json["code"]) == (409, "order-on-hold")
    assert desk.act(order_id, "holds/stock/release", {"reason": "先发现货"}).status == 200
    assert desk.act(order_id, "approve", {}).status == 200
    shipped = desk.ship(order_id)
    assert (shipped.json["state"], counters(1)) == ("confirmed", (0, 0))
    assert desk.ship(order_id).json["code"] == "nothing-to-ship"
    assert desk.act(order_id, "cancel", {"reason": "余货不要"}).json["state"] == "closed"


def test_all_or_nothing_holds_nothing_when_one_line_is_short(desk: Desk) -> None:
    open_shop(stock=6)
    order_id = desk.accepted(order_of((1, 10), (2, 5), shortage_policy="all_or_nothing"))
    shown = desk.show(order_id).json
    assert (shown["reserved"], shown["backordered"]) == (0, 15)
    assert (counters(1), counters(2)) == ((6, 0), (6, 0))


def test_a_product_that_never_came_in_is_backordered(desk: Desk) -> None:
    open_shop(stock=None)
    assert desk.show(desk.accepted(order_of((1, 10)))).json["backordered"] == 10


@pytest.mark.parametrize("action", ["reject", "cancel"])
def test_ending_an_order_gives_back_its_stock_and_credit(desk: Desk, action: str) -> None:
    open_shop(credit_limit_fen=12_500)
    order_id = desk.accepted(order_of((1, 10)))
    assert desk.act(order_id, action, {"reason": "价格有误"}).status == 200
    assert counters(1) == (100, 0)
    again = desk.accepted(order_of((1, 10)))
    assert desk.show(again).json["holds"] == []


def test_an_order_over_the_credit_limit_waits_for_finance(desk: Desk) -> None:
    open_shop(credit_limit_fen=12_499)
    order_id = desk.accepted(order_of((1, 10)))
    assert desk.show(order_id).json["holds"] == ["credit"]
    body = {"reason": "老客户"}
    assert desk.act(order_id, "holds/credit/release", body, role="assistant").status == 403
    refused = desk.act(order_id, "approve", {})
    assert (refused.status, refused.json["code"], refused.json["holds"]) == (409, "order-on-hold", ["credit"])
    assert desk.show(order_id).json["state"] == "in_review"
    assert desk.act(order_id, "holds/credit/release", body, role="finance").json["holds"] == []
    assert desk.act(order_id, "approve", {}).json["state"] == "confirmed"


def test_all_that_a_dealer_has_on_order_counts_against_its_limit_and_nothing_of_another(desk: Desk) -> None:
    open_shop(credit_limit_fen=25_000)
    within = [desk.accepted(order_of((1, 10)), dealer=dealer) for dealer in ("D0001", "D0001", "D0002")]
    beyond = desk.accepted(order_of((1, 1)))
    assert [desk.show(order_id).json["holds"] for order_id in (*within, beyond)] == [[], [], [], ["credit"]]


def test_money_received_frees_credit_once_however_often_it_is_told(desk: Desk) -> None:
    open_shop(credit_limit_fen=12_500)
    desk.accepted(order_of((1, 10)))
    receipt = PaymentPosted(payment_id="pay_1", dealer_id="D0001", amount_fen=5_000, received_on="2026-11-23")
    outbox_event(receipt, pk="LEDGER#D0001", subject="pay_1", sequence=1, dealer_id="D0001").save()
    desk.world.drain()
    desk.world.redeliver_everything()
    assert committed_fen() == 7_500


def test_a_receipt_taken_back_takes_its_credit_back(desk: Desk) -> None:
    open_shop()
    desk.accepted(order_of((1, 10)))
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
    desk.world.drain()
    desk.world.redeliver_everything()
    assert int(OrderingAccountItem.get(*account_key("D0001")).committed_fen) == 12_500


def test_part_shipments_add_up_to_the_order(desk: Desk) -> None:
    open_shop(unit_price="0.333")
    order_id = desk.accepted(order_of((1, 10)))
    desk.act(order_id, "approve", {})
    sent = [desk.ship(order_id, (1, quantity)).json for quantity in (1, 2, 7)]
    shown = desk.show(order_id).json
    assert sum(one["gross_fen"] for one in sent) == shown["gross_fen"] == 333
    assert sum(one["tax_fen"] for one in sent) == shown["tax_fen"]
    assert shown["state"] == "closed"
    listed = desk.shipments(order_id)
    assert [one["lines"] for one in listed] == [
        [{"line_no": 1, "sku": sku(1), "quantity": quantity, "gross_fen": one["gross_fen"], "tax_fen": one["tax_fen"]}]
        for quantity, one in zip((1, 2, 7), sent, strict=True)
    ]
    assert [one["shipment_id"] for one in listed] == [f"{order_id}-S{number:02d}" for number in (1, 2, 3)]


def test_an_order_of_any_number_of_lines_leaves_in_one_transaction(desk: Desk) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 100, SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket)
    order_id = desk.approved(order_of(*((number, 10) for number in one_a_bucket)))
    assert desk.ship(order_id).json["state"] == "closed"
    (shipment,) = desk.shipments(order_id)
    assert [line["quantity"] for line in shipment["lines"]] == [10] * 100
    assert (shipment["pieces"], counters(0)) == (1_000, (90, 0))


def test_two_lines_of_one_sku_leave_together(desk: Desk) -> None:
    open_shop()
    order_id = desk.approved(order_of((1, 3), (2, 5), (1, 4)))
    assert desk.ship(order_id).json["state"] == "closed"
    assert (counters(1), counters(2)) == ((93, 0), (95, 0))


def test_of_an_order_cancelled_after_a_part_left_that_part_stays_committed(desk: Desk) -> None:
    open_shop()
    order_id = desk.approved(order_of((1, 10)))
    assert desk.ship(order_id, (1, 4)).status == 201
    assert desk.act(order_id, "cancel", {"reason": "够了"}).json["state"] == "closed"
    assert (committed_fen(), counters(1)) == (5_000, (96, 0))


def test_the_same_again_under_another_key_is_another_shipment(desk: Desk) -> None:
    open_shop()
    order_id = desk.approved(order_of((1, 10)))
    assert desk.ship(order_id, (1, 4), key="first").status == 201
    second = desk.ship(order_id, (1, 4), key="second")
    assert (second.status, len(desk.shipments(order_id)), counters(1)) == (201, 2, (90, 2))
    assert desk.ship(order_id, (1, 4), key="second").text == second.text
    assert counters(1) == (90, 2)


def test_more_than_is_held_cannot_be_shipped_and_nothing_changes(desk: Desk) -> None:
    open_shop()
    order_id = desk.accepted(order_of((1, 10)))
    desk.act(order_id, "approve", {})
    before = desk.world.snapshot()
    refused = desk.ship(order_id, (1, 6), (1, 5))
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "lines.0.quantity")
    assert desk.ship(order_id, (2, 1)).status == 422
    assert desk.world.snapshot() == before


def test_every_problem_of_every_line_is_named_at_once_and_nothing_is_written(desk: Desk) -> None:
    open_shop(products=2)
    before = desk.world.snapshot()
    refused = desk.submit(
        {"lines": [{"sku": "NOPE", "quantity": 1}, {"sku": "L00001", "quantity": 1}, {"sku": "X", "quantity": 2}]}
    )
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == ["lines.0.sku", "lines.2.sku"]
    assert desk.world.snapshot() == before


def test_the_quantity_break_goes_by_the_pieces_of_a_sku_over_all_lines(desk: Desk) -> None:
    open_shop()
    page = PricePageItem.get(*price_page_key(shop.PRICE_LIST, 1, 0))
    page.prices = {**page.prices, "1": {"unit_price": "12.50", "price_policy": "P1", "breaks": [[20, "10.00"]]}}
    page.save()
    lines = desk.show(desk.accepted(order_of((1, 12), (2, 12), (1, 8)))).json["lines"]
    assert [line["unit_price"] for line in lines] == ["10.00", "12.50", "10.00"]
    just_below = desk.show(desk.accepted(order_of((1, 12), (1, 7)))).json["lines"]
    assert [line["unit_price"] for line in just_below] == ["12.50", "12.50"]


def test_a_price_list_holds_on_its_last_day_and_not_on_the_next(desk: Desk) -> None:
    open_shop()
    price_list = PriceListItem.get(*price_list_key(shop.PRICE_LIST))
    price_list.valid_to = "2026-11-23"
    price_list.save()
    assert desk.submit(order_of((1, 1))).status == 202
    desk.world.clock.advance(days=1)
    refused = desk.submit(order_of((1, 1)))
    assert (refused.status, refused.json["code"]) == (409, "no-valid-price-list")
    assert committed_fen() == 1_250, "what was refused commits nothing"


def test_a_suspended_dealer_is_told_so_and_gets_no_number(desk: Desk) -> None:
    open_shop()
    dealer = DealerItem.get(*dealer_key("D0001"))
    dealer.status = "suspended"
    dealer.save()
    assert desk.submit(order_of((1, 1))).json["code"] == "dealer-not-active"


def test_another_dealers_order_looks_like_none(desk: Desk) -> None:
    open_shop()
    order_id = desk.accepted(order_of((1, 10)))
    foreign = desk.show(order_id, dealer="D0002")
    missing = desk.show("D0001-000099", dealer="D0002")
    assert (foreign.status, foreign.json) == (missing.status, missing.json)
    assert foreign.status == 404


def test_goods_received_are_there_once_per_delivery_note(desk: Desk) -> None:
    open_shop(stock=None)
    lines = [("L00001", 7), ("L00001", 3)]
    first = desk.receive("DN-1", *lines, key="a")
    assert (first.status, counters(1)) == (201, (10, 0))
    again, other = desk.receive("DN-1", *lines, key="a"), desk.receive("DN-1", *lines, key="b")
    assert (again.json, other.json["code"], counters(1)) == (first.json, "already-received", (10, 0))
    token = desk.world.token(role="warehouse")
    shown = desk.world.call("orders", "GET", "/stock/GZ", query={"skus": "L00001,L00002"}, token=token)
    assert [line["on_hand"] for line in shown.json["stock"]] == [10, 0]


def test_urgent_orders_stand_first_in_the_review_queue(desk: Desk) -> None:
    open_shop()
    calm = desk.accepted(order_of((1, 1)))
    urgent = desk.accepted(order_of((1, 1), urgent=True))
    queue = desk.world.call("orders", "GET", "/review-queue", token=desk.world.token(role="assistant"))
    assert [one["order_id"] for one in queue.json["orders"]] == [urgent, calm]


@pytest.mark.parametrize("shortage_policy", ["ship_available", "all_or_nothing"])
@pytest.mark.parametrize("stock", [100, 5])
def test_an_order_over_more_buckets_than_one_transaction_takes_is_reserved_whole(
    desk: Desk, shortage_policy: str, stock: int
) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 100, SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket, stock=stock)
    lines = [(number, 10) for number in one_a_bucket]
    order_id = desk.accepted(order_of(*lines, shortage_policy=shortage_policy))
    shown = desk.show(order_id).json
    expected = 1_000 if stock == 100 else 500 if shortage_policy == "ship_available" else 0
    assert (shown["state"], shown["reserved"], shown["reserved"] + shown["backordered"]) == (
        "in_review",
        expected,
        1_000,
    )
    assert sum(counters(number)[1] for number, _ in lines) == expected
    if expected:
        if shown["holds"]:
            desk.act(order_id, "holds/stock/release", {"reason": "先发"})
        desk.act(order_id, "approve", {})
        assert desk.ship(order_id).json["pieces"] == expected
        assert sum(counters(number)[1] for number, _ in lines) == 0
    else:
        assert desk.act(order_id, "reject", {"reason": "缺货"}).json["state"] == "rejected"


def test_cancelling_an_order_over_many_buckets_frees_them_all(desk: Desk) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * 100, SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket)
    lines = [(number, 10) for number in one_a_bucket]
    order_id = desk.accepted(order_of(*lines))
    assert desk.act(order_id, "cancel", {"reason": "不要了"}).json["cancelled"] == 1_000
    assert {counters(number) for number, _ in lines} == {(100, 0)}


def test_a_cancelling_that_breaks_off_loses_no_credit_whoever_goes_on_with_the_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BUCKETS_PER_TRANSACTION", 1)
    on_three_buckets = (0, SKUS_PER_BUCKET, 2 * SKUS_PER_BUCKET)
    open_shop(products=on_three_buckets, unit_price="1")
    order_id = desk.approved(order_of(*((number, 10) for number in on_three_buckets)))
    with pytest.raises(Killed), killed_at(1, after=True):  # two buckets are free, the third is not
        desk.act(order_id, "cancel", {"reason": "不要了"})
    assert [counters(number) for number in on_three_buckets] == [(100, 0), (100, 0), (90, 10)]
    shipped = desk.ship(order_id).json
    assert (shipped["state"], committed_fen()) == ("confirmed", 3_000)
    ended = desk.act(order_id, "cancel", {"reason": "不要了"}).json
    assert (ended["state"], ended["shipped"], ended["cancelled"], committed_fen()) == ("closed", 10, 20, 1_000)
    assert [counters(number) for number in on_three_buckets] == [(100, 0), (100, 0), (90, 0)]


def test_a_message_that_cannot_be_worked_off_takes_no_other_order_along(desk: Desk) -> None:
    open_shop()
    lost, *others = [desk.submit(order_of((1, 1))).json["order_id"] for _ in range(5)]
    HeaderItem.get(*part_key("HEADER", lost)).delete()
    desk.world.drain(may_fail=True)
    assert [desk.show(order_id).json["state"] for order_id in others] == ["in_review"] * 4
    assert len(desk.world.dead_letters()) == 1
    assert counters(1) == (96, 4)
