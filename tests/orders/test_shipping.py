"""Shipping of orders: parts, values, repeats."""

from __future__ import annotations

from contracts.stock import SKUS_PER_BUCKET
from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.support.fixtures import counters, open_shop, order_of, sku
from tests.support.gateway import Response


def get(client: OrdersClient, path: str, *, role: str = "dealer_buyer", dealer_id: str = "D0001") -> Response:
    dealer = dealer_id if role.startswith("dealer") else None
    return client.world.call("orders", "GET", path, token=client.world.token(role=role, dealer_id=dealer))


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
    values = [(line["gross_fen"], line["tax_fen"]) for one in listed for line in one["lines"]]
    assert values == [(one["gross_fen"], one["tax_fen"]) for one in sent]
    named = [(line["line_no"], line["sku"], line["quantity"]) for one in listed for line in one["lines"]]
    assert named == [(1, sku(1), quantity) for quantity in (1, 2, 7)]
    assert {line["unit_price"] for one in listed for line in one["lines"]} == {"0.333"}
    assert [one["shipment_id"] for one in listed] == [f"{order_id}-S{number:02d}" for number in (1, 2, 3)]


def test_one_shipment_shows_what_the_list_shows(client: OrdersClient) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10), (2, 4)))
    for lines in (((1, 3),), ((1, 7), (2, 4))):
        assert client.ship(order_id, *lines).status == 201
    for listed in client.shipments(order_id):
        path = f"/orders/{order_id}/shipments/{listed['shipment_id']}"
        for role in ("dealer_buyer", "warehouse"):
            assert get(client, path, role=role).json == listed


def test_shipment_of_another_order_or_dealer_is_not_found(client: OrdersClient) -> None:
    open_shop()
    first, second = (client.approved(order_of((1, 2))) for _ in range(2))
    shipment_id = client.ship(first, (1, 2)).json["shipment_id"]
    assert get(client, f"/orders/{second}/shipments/{shipment_id}").status == 404
    assert get(client, f"/orders/{first}/shipments/{first}-S99").status == 404
    assert get(client, f"/orders/{first}/shipments/{shipment_id}", dealer_id="D0002").status == 404


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
