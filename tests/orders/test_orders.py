"""Orders from submit to the last shipment, in the in-process world."""

from __future__ import annotations

import pytest

from contracts.stock import SKUS_PER_BUCKET
from services.orders.order.items import HeaderItem, order_part_key
from tests.orders.client import OrdersClient
from tests.support.fixtures import counters, open_shop, order_of


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


def test_goods_receipt_counts_once_per_delivery_note(client: OrdersClient) -> None:
    open_shop(stock=None)
    lines = [("L00001", 7), ("L00001", 3)]
    first = client.receive("DN-1", *lines, key="a")
    assert (first.status, counters(1)) == (201, (10, 0))
    again, other = client.receive("DN-1", *lines, key="a"), client.receive("DN-1", *lines, key="b")
    assert (again.json, other.json["code"], counters(1)) == (first.json, "possible-double", (10, 0))
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


def test_failing_message_does_not_block_other_orders(client: OrdersClient) -> None:
    open_shop()
    lost, *others = [client.submit(order_of((1, 1))).json["order_id"] for _ in range(5)]
    HeaderItem.get(*order_part_key("HEADER", lost)).delete()
    with client.world.held_back("record-order-entries"):
        client.world.drain(may_fail=True)
    assert [client.show(order_id).json["state"] for order_id in others] == ["in_review"] * 4
    assert len(client.world.dead_letters()) == 1
    assert counters(1) == (96, 4)
