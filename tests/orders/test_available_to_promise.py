"""Available to promise, as dealers and staff see it."""

from __future__ import annotations

from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import FRIDAY, MONDAY, NEXT_MONDAY, THURSDAY, WEDNESDAY, expect, moves, promise_days
from tests.support.fixtures import open_shop, order_of, sku


def test_available_to_promise_excludes_promised_backorders(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (1, 10), (2, 5))
    expect(client, "PO-2", FRIDAY, (1, 8))
    waits = client.accepted(order_of((1, 10)))
    shown = client.promisable(sku(1), sku(2)).json["skus"]
    assert shown == [
        {
            "sku": sku(1),
            "name_zh": "LED球泡 1W",
            "name_en": "LED bulb 1W",
            "days": [
                {"day": MONDAY, "pieces": 0, "cumulative": 0},
                {"day": THURSDAY, "pieces": 4, "cumulative": 4},
                {"day": NEXT_MONDAY, "pieces": 8, "cumulative": 12},
            ],
        },
        {
            "sku": sku(2),
            "name_zh": "LED球泡 2W",
            "name_en": "LED bulb 2W",
            "days": [
                {"day": MONDAY, "pieces": 4, "cumulative": 4},
                {"day": THURSDAY, "pieces": 5, "cumulative": 9},
            ],
        },
    ]
    assert client.promisable(sku(1), sku(2), dealer="D0001").json["skus"] == shown
    fits, too_many = client.accepted(order_of((1, 4))), client.accepted(order_of((1, 9)))
    assert (promise_days(client, fits), promise_days(client, too_many)) == ([THURSDAY], [None])
    assert len(moves(waits)) == 1


def test_dealer_sees_available_to_promise_of_the_own_warehouse_only(client: OrdersClient) -> None:
    open_shop()
    assert client.promisable(sku(1), dealer="D0001").status == 200
    other = client.promisable(sku(1), dealer="D0001", warehouse="SH")
    # Every user may list the warehouses, so the answer about an unknown one names them.
    unknown = client.promisable(sku(1), dealer="D0001", warehouse="XX")
    assert [(answer.status, answer.json["code"]) for answer in (other, unknown)] == [(404, "not-found")] * 2
    assert client.promisable(sku(1), warehouse="SH").json["skus"][0]["days"][0]["cumulative"] == 0
    assert client.promisable("L404", dealer="D0001").status == 422
