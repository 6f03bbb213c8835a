"""An order has the prices that are valid when it is submitted, also at the midnight on which a version takes over."""

from __future__ import annotations

from tests.catalog.fixtures import CatalogClient
from tests.orders.client import OrdersClient
from tests.support import fixtures as shop
from tests.support.fixtures import open_shop, order_of
from tests.support.read_units import metered


def submitted_price(client: OrdersClient, key: str) -> tuple[str, int]:
    """Submit an order of one piece; return its id and amount in fen."""
    answer = client.submit(order_of((1, 1)), key=key)
    assert answer.status == 202, answer.json
    return answer.json["order_id"], answer.json["gross_fen"]


def test_order_has_the_price_of_the_moment_of_submission(client: OrdersClient) -> None:
    open_shop()
    clerk = CatalogClient(client.world)
    assert submitted_price(client, "today")[1] == 1_250
    with metered() as before:
        submitted_price(client, "cached")
    clerk.draft_prices(shop.PRICE_LIST, 2, {"sku": shop.sku(1), "unit_price": "20"})
    assert clerk.publish_prices(shop.PRICE_LIST, 2, valid_from="2026-11-24").status == 200
    client.world.clock.advance(hours=13, minutes=59)
    with metered() as waiting:
        order_id, gross_fen = submitted_price(client, "before midnight")
    assert gross_fen == 1_250, "23:59 in Shanghai"
    assert waiting.units == before.units, "a version that waits costs an order nothing"
    client.world.clock.advance(minutes=1)
    assert submitted_price(client, "after midnight")[1] == 2_000
    assert submitted_price(client, "before midnight") == (order_id, 1_250), "a repeat answers the same"
    assert client.show(order_id).json["gross_fen"] == 1_250
