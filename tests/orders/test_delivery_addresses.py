"""Delivery addresses of orders: the copy, its change, and where it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.dealers import DealerItem, dealer_key
from contracts.delivery_addresses import AddressBookItem, DeliveryAddress, address_book_key
from services.notifications.inbox.rendering import render_messages
from tests.bench.meter import metered
from tests.notifications.sample_events import order_shipped
from tests.orders.client import OrdersClient
from tests.support.fixtures import open_shop, sku
from tests.support.gateway import Response

DEFAULT = DeliveryAddress("A1", "仓库", "广东省", "佛山市", "顺德区", "北路 8 号", "李明", "+8613812345678")
OTHER = DEFAULT._replace(address_id="A2", label="工地", city="珠海市", contact_name="陈工")
CLOSED = DEFAULT._replace(address_id="A3", label="旧仓", active=False)


@pytest.fixture
def shop(client: OrdersClient) -> OrdersClient:
    """Return the client of a shop in which dealer D0001 has three addresses."""
    open_shop(products=4, stock=100)
    store_addresses(DEFAULT, OTHER, CLOSED)
    return client


def store_addresses(*addresses: DeliveryAddress) -> None:
    """Store the address book as dealers does; the first address is the default one."""
    AddressBookItem(*address_book_key("D0001"), rows=addresses, default_id=addresses[0].address_id).save()
    dealer = DealerItem.get(*dealer_key("D0001"))
    dealer.default_address, dealer.addresses_version = addresses[0], 1
    dealer.save()


def order(**fields: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku(1), "quantity": 10}], **fields}


def shown(client: OrdersClient, order_id: str) -> Any:
    token = client.world.token(role="warehouse")
    return client.world.call("orders", "GET", f"/orders/{order_id}", token=token).json["delivery_address"]


def choose(client: OrdersClient, order_id: str, address_id: str) -> Response:
    return client.act(order_id, "delivery-address", {"address_id": address_id})


def test_order_has_a_copy_of_the_default_or_named_address(shop: OrdersClient) -> None:
    usual, named = shop.accepted(order()), shop.accepted(order(address_id="a2"))
    store_addresses(DEFAULT._replace(street="新路 1 号"))
    assert shown(shop, usual) == {name: getattr(DEFAULT, name) for name in DEFAULT._fields if name != "active"}
    assert shown(shop, named)["city"] == "珠海市"


def test_dealer_without_address_orders_without_one(shop: OrdersClient) -> None:
    order_id = shop.accepted(order(), dealer="D0002")
    assert shown(shop, order_id) is None


@pytest.mark.parametrize(("address_id", "code"), [("A9", "unknown-address"), ("A3", "inactive-address")])
def test_wrong_address_is_refused_together_with_wrong_lines(shop: OrdersClient, address_id: str, code: str) -> None:
    refused = shop.submit(order(address_id=address_id))
    assert refused.status == 422
    (problem,) = refused.json["errors"]
    assert (problem["field"], problem["code"]) == ("address_id", code)
    assert "A1 仓库、A2 工地" in problem["detail"]
    both = shop.submit({"lines": [{"sku": "NONE", "quantity": 1}], "address_id": address_id})
    assert [one["code"] for one in both.json["errors"]] == ["unknown-sku", code]


def test_named_address_is_of_the_dealer_that_orders(shop: OrdersClient) -> None:
    assert shop.submit(order(address_id="A2"), dealer="D0002").status == 422


def test_address_is_stored_in_no_header(shop: OrdersClient) -> None:
    order_id = shop.accepted(order())
    assert choose(shop, order_id, "A2").status == 200
    for header in (item for item in shop.world.items("ORDERS#D0001") if item["sk"].startswith("HEADER#")):
        assert not any("李明" in str(value) or "佛山" in str(value) for value in header.values())


def test_address_changes_until_pieces_have_left(shop: OrdersClient) -> None:
    order_id = shop.approved(order())
    assert choose(shop, order_id, "A2").status == 200
    assert shown(shop, order_id)["city"] == "珠海市"
    assert choose(shop, order_id, "A1").status == 200
    assert shown(shop, order_id)["city"] == "佛山市"
    assert choose(shop, order_id, "A3").json["errors"][0]["code"] == "inactive-address"
    shop.ship(order_id, (1, 4))
    refused = choose(shop, order_id, "A2")
    assert (refused.status, refused.json["code"], refused.json["shipped"]) == (409, "already-shipped", 4)


def test_shipment_names_city_and_contact_and_no_phone(shop: OrdersClient) -> None:
    order_id = shop.approved(order())
    choose(shop, order_id, "A2")
    shop.ship(order_id)
    token = shop.world.token(role="warehouse")
    listed = shop.world.call("orders", "GET", f"/orders/{order_id}/shipments", token=token).json
    assert listed["delivery_address"]["street"] == "北路 8 号"
    events = [item["body"] for item in shop.world.items("ORDERS#D0001") if item["sk"].startswith("EVENT#")]
    (shipped,) = [body for body in events if "order.shipped.v1" in body]
    assert "珠海市" in shipped and "陈工" in shipped
    assert not any(OTHER.phone in body or OTHER.street in body for body in events)


def test_messages_of_a_shipment_name_city_and_contact() -> None:
    (message,) = render_messages(order_shipped(delivery_city="佛山市", delivery_contact="李明"))
    assert "送佛山市 李明收" in message.text_zh
    assert "to 李明 in 佛山市" in message.text_en
    (without,) = render_messages(order_shipped())
    assert "送" not in without.text_zh


def test_submit_costs_the_same_with_a_default_address(shop: OrdersClient) -> None:
    def bill(dealer: str) -> tuple[float, float, int]:
        with metered(shop.world) as bill:
            assert shop.submit(order(), dealer=dealer).status == 202
        return bill.read_units, bill.write_units, bill.calls.total()

    for dealer in ("D0001", "D0002"):
        shop.accepted(order(), dealer=dealer)
    assert bill("D0001") == bill("D0002")
