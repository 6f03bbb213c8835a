"""Shipping of orders: parts, values, repeats."""

from __future__ import annotations

from contracts.stock import SKUS_PER_BUCKET
from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.support.fixtures import counters, open_shop, order_of, sku


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
