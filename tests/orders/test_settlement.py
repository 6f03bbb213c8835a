"""Counts below what is reserved: orders lose missing pieces by the published rule, and nothing is promised twice."""

from __future__ import annotations

from typing import Any

import pytest

from services.orders.order.load_order import load_order
from services.orders.settlement import settle_shortage as settlement
from services.orders.settlement import take_missing
from services.orders.shortages.items import load_shortage
from services.orders.warehouse_queue import allocate_backorders_and_renew_promises
from tests.orders.client import OrdersClient
from tests.orders.stock_helpers import moved
from tests.simulation.invariants import audit
from tests.support.fixtures import WAREHOUSE, counters, open_shop, order_of, sku


def open_stocked_shop(client: OrdersClient, pieces: int) -> None:
    """Open a shop that received so many pieces of each product."""
    open_shop(products=4, stock=None)
    received = client.receive("FIRST", *((sku(number), pieces) for number in range(4)))
    assert received.status == 201
    client.world.drain()


def pieces(order_id: str) -> tuple[int, int]:
    """Reserved and backordered pieces of an order."""
    header = load_order(order_id).header
    return header.reserved, header.backordered


def count(client: OrdersClient, *lines: tuple[int, int], reference: str = "C-1") -> Any:
    answer = client.adjust("count", reference, *((sku(number), quantity) for number, quantity in lines))
    assert answer.status == 201, answer.json
    return answer


def publish_rule(client: OrdersClient, rule: str, **fields: Any) -> None:
    body = {"rule": rule, "reason": "约定", "version": 0, **fields}
    path = f"/warehouses/{WAREHOUSE}/allocation-rule"
    token = client.world.token(role="admin")
    assert client.world.call("orders", "PUT", path, body=body, token=token).status == 200


def events_about(client: OrdersClient, order_id: str, event_type: str) -> list[dict[str, Any]]:
    answer = client.world.call(
        "orders", "GET", f"/orders/{order_id}/timeline", token=client.world.token(role="assistant")
    )
    return [entry["facts"] for entry in answer.json["entries"] if entry["event"] == event_type]


# ---- a count below what is reserved ----


def test_count_takes_missing_pieces_from_the_last_in_the_queue(client: OrdersClient) -> None:
    open_stocked_shop(client, 100)
    first = client.accepted(order_of((1, 60)))
    client.world.clock.advance(minutes=1)
    second = client.accepted(order_of((1, 35)), dealer="D0002")
    count(client, (1, 80))
    client.world.drain()
    assert (pieces(first), pieces(second)) == ((60, 0), (20, 15))
    assert counters(1) == (0, 80)
    assert load_shortage(WAREHOUSE) is None
    assert load_order(second).header.backordered_since == load_order(second).header.submitted_at
    assert load_order(second).header.holds == ["stock"]
    (facts,) = events_about(client, second, "order.pieces-missing.v1")
    assert facts == {
        "missing": 15,
        "missing_lines": [1],
        "released": 15,
        "backordered": 15,
        "holds": ["stock"],
        "document": "count",
        "reference": "C-1",
        "reason": "盘点",
        "rule": "first_come",
        "cancelled": 0,
        "cancelled_lines": None,
    }
    assert not audit(client.world)


def test_loss_follows_the_published_rule(client: OrdersClient) -> None:
    open_stocked_shop(client, 40)
    publish_rule(client, "pro_rata_by_tier")
    orders = [client.accepted(order_of((1, quantity))) for quantity in (10, 10, 20)]
    count(client, (1, 20))
    client.world.drain()
    assert [pieces(order_id) for order_id in orders] == [(5, 5), (5, 5), (10, 10)]
    assert not audit(client.world)


def test_order_that_accepts_no_part_loses_everything_and_others_get_it(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    whole = client.accepted(order_of((1, 10), (2, 4), shortage_policy="wait"))
    waiting = client.accepted(order_of((2, 9)), dealer="D0002")
    assert pieces(waiting) == (6, 3)
    count(client, (1, 7))
    client.world.drain()
    assert (pieces(whole), pieces(waiting)) == ((0, 14), (9, 0))
    assert counters(1) == (7, 0)
    (facts,) = events_about(client, whole, "order.pieces-missing.v1")
    assert (facts["missing"], facts["released"]) == (3, 14)
    assert not audit(client.world)


def test_all_or_nothing_order_loses_everything_and_waits_for_a_clerk(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10), shortage_policy="all_or_nothing"))
    count(client, (1, 9))
    client.world.drain()
    header = load_order(order_id).header
    assert (header.reserved, header.backordered, header.backordered_since, header.holds) == (0, 10, None, ["stock"])
    assert not audit(client.world)


def test_shipped_pieces_stay_shipped_when_the_rest_is_missing(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.approved(order_of((1, 10)))
    assert client.ship(order_id, (1, 4)).status == 201
    count(client, (1, 0))
    client.world.drain()
    header = load_order(order_id).header
    assert (header.shipped, header.reserved, header.backordered, header.state) == (4, 0, 6, "confirmed")
    assert counters(1) == (0, 0)
    assert not audit(client.world)


def test_orders_lose_several_skus_of_a_count_in_one_event(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10), (2, 10), (3, 10)))
    count(client, (1, 6), (2, 10), (3, 9))
    client.world.drain()
    (facts,) = events_about(client, order_id, "order.pieces-missing.v1")
    assert (facts["missing"], facts["missing_lines"], pieces(order_id)) == (5, [1, 3], (25, 5))


def test_goods_that_come_again_go_to_those_who_lost_theirs(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10)))
    count(client, (1, 6))
    client.world.drain()
    client.receive("DN-1", (sku(1), 4))
    client.world.drain()
    assert (pieces(order_id), counters(1), load_order(order_id).header.holds) == ((10, 0), (0, 10), [])
    assert not audit(client.world)


def test_dealer_and_warehouse_are_notified_of_the_reason(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10)))
    count(client, (1, 6))
    client.world.drain()
    texts = [item["text_zh"] for item in client.world.items() if item["kind"] == "inbox_message"]
    about = [text for text in texts if "C-1" in text]
    assert len(about) == 3, (order_id, texts)  # dealer, warehouse, assistant
    assert all("盘点" in text for text in about)


# ---- while the shortage is open ----


def test_nothing_is_promised_or_shipped_before_the_shortage_is_settled(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    confirmed = client.approved(order_of((1, 4), (2, 1)))
    other = client.accepted(order_of((1, 6)), dealer="D0002")
    count(client, (1, 3))
    assert counters(1) == (-7, 10)
    # Released pieces first make up for the missing ones.
    assert client.act(other, "lines/cancel", {"reason": "r", "lines": [{"line_no": 1, "quantity": 2}]}).status == 200
    assert counters(1) == (-5, 8)
    refused = client.ship(confirmed)
    assert (refused.status, refused.json["code"], refused.json["skus"]) == (409, "stock-shortage", [sku(1)])
    assert client.ship(confirmed, (2, 1)).status == 201
    shown = client.world.call(
        "orders", "GET", f"/stock/{WAREHOUSE}", query={"skus": sku(1)}, token=client.world.token(role="warehouse")
    )
    assert [shown.json["stock"][0][name] for name in ("available", "reserved", "missing", "on_hand")] == [0, 8, 5, 3]
    days = client.promisable(sku(1)).json["skus"][0]["days"]
    assert [day["pieces"] for day in days] == [0]
    for kind in ("lost", "set_aside"):
        assert client.adjust(kind, f"X-{kind}", (sku(1), 1)).json["code"] == "not-there"
    late = client.submit(order_of((1, 1)), dealer="D0002").json["order_id"]
    client.world.drain()
    assert pieces(late) == (0, 1)
    assert sum(pieces(order_id)[0] for order_id in (confirmed, other)) == 3
    assert counters(1) == (0, 3)
    assert not audit(client.world)


def test_goods_received_before_the_settlement_make_up_for_missing_pieces(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10)))
    count(client, (1, 6))
    client.receive("DN-1", (sku(1), 9))
    client.world.drain()
    assert (pieces(order_id), counters(1)) == ((10, 0), (5, 10))
    assert load_shortage(WAREHOUSE) is None


def test_second_count_while_a_shortage_is_open_corrects_it(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10)))
    count(client, (1, 2))
    answer = count(client, (1, 7), reference="C-2")
    assert [(line["expected"], line["difference"]) for line in answer.json["lines"]] == [(2, 5)]
    count(client, (1, 6), reference="C-3")
    client.world.drain()
    assert (pieces(order_id), counters(1)) == ((6, 4), (0, 6))
    (facts,) = events_about(client, order_id, "order.pieces-missing.v1")
    assert facts["reference"] == "C-3"
    assert not audit(client.world)


def test_count_during_the_settlement_has_it_decided_anew(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_stocked_shop(client, 20)
    orders = [client.accepted(order_of((1, 10))) for _ in range(2)]
    publish_rule(client, "pro_rata_by_tier")
    count(client, (1, 10))
    take, once = take_missing.take_missing_pieces, iter([True])

    def count_after_the_first(order_id: str, shortage: Any) -> None:
        take(order_id, shortage)
        if next(once, False):
            count(client, (1, 4), reference="C-2")

    monkeypatch.setattr(settlement, "take_missing_pieces", count_after_the_first)
    client.world.drain()
    assert sum(pieces(order_id)[0] for order_id in orders) == 4
    assert counters(1) == (0, 4)
    assert load_shortage(WAREHOUSE) is None
    assert not audit(client.world)


def test_goods_received_during_the_settlement_make_up_for_missing_pieces(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10)))
    count(client, (1, 6))
    take, once = take_missing.take_missing_pieces, iter([True])

    def take_after_goods_came(order_id: str, shortage: Any) -> None:
        if next(once, False):
            client.receive("DN-1", (sku(1), 3))
        take(order_id, shortage)

    monkeypatch.setattr(settlement, "take_missing_pieces", take_after_goods_came)
    client.world.drain()
    assert (pieces(order_id), counters(1)) == ((9, 1), (0, 9))
    (facts,) = events_about(client, order_id, "order.pieces-missing.v1")
    assert facts["missing"] == 1
    assert not audit(client.world)


def test_shipment_booked_together_with_the_count_proves_its_pieces(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_stocked_shop(client, 10)
    order_id = client.approved(order_of((1, 10)))
    monkeypatch.setattr("services.orders.shipping.ship_order.require_no_shortage", lambda *_: None)
    count(client, (1, 6))
    assert client.ship(order_id, (1, 8)).status == 201
    client.world.drain()
    assert (pieces(order_id), counters(1), load_shortage(WAREHOUSE)) == ((0, 2), (0, 0), None)
    assert ("found", "found C-1#count0", {1: 2}) in moved()
    assert not audit(client.world)


def test_sweep_settles_a_shortage_whose_message_was_lost(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.accepted(order_of((1, 10)))
    count(client, (1, 6))
    client.world.clock.advance(minutes=3)
    client.world.periodic("orders", "sweep_orders")
    assert (pieces(order_id), load_shortage(WAREHOUSE)) == ((6, 4), None)


def test_redelivered_settlement_changes_nothing(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    first, second = client.accepted(order_of((1, 5))), client.accepted(order_of((1, 5)))
    count(client, (1, 4))
    client.world.drain()
    before = client.world.snapshot()
    allocate_backorders_and_renew_promises(WAREHOUSE, "again")
    client.world.redeliver_everything()
    assert client.world.snapshot() == before
    assert (pieces(first), pieces(second)) == ((4, 1), (0, 5))
