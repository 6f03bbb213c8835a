"""On-time rate: shipments against the day first promised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kernel.time.clock import BUSINESS_ZONE
from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import _CRASHES, WEDNESDAY, come_in, expect, sweep
from tests.orders.test_single_fault import in_the_end
from tests.support import faults
from tests.support.fixtures import open_shop, order_of, sku


def test_on_time_rate_uses_the_day_first_promised(client: OrdersClient) -> None:
    open_shop(stock=4)
    expect(client, "PO-1", WEDNESDAY, (2, 20))
    in_time, late = client.approved(order_of((1, 3))), client.approved(order_of((1, 1)))
    waited, undated = client.accepted(order_of((2, 6))), client.accepted(order_of((3, 4), (1, 2)))
    assert client.ship(in_time).status == 201
    sweep(client, "2026-11-23 20:00")
    sweep(client, "2026-11-24 09:00")
    assert client.ship(late).status == 201
    sweep(client, "2026-11-25 17:01")  # the delivery is late: promised for Friday instead of Thursday
    client.world.clock.set(datetime.fromisoformat("2026-11-27 10:00").replace(tzinfo=BUSINESS_ZONE))
    come_in(client, "DN-1", (2, 20), (1, 2), expected="PO-1")
    for order_id in (waited, undated):
        assert client.act(order_id, "holds/stock/release", {"reason": "放行"}).status in {200, 404}
        assert client.act(order_id, "approve", {}).status == 200
        assert client.ship(order_id).status == 201
    assert on_time_report(client)["skus"] == [
        {"sku": sku(1), "name_zh": "LED球泡 1W", "on_time": 3, "late": 1, "undated": 2, "on_time_rate": "0.7500"},
        {
            "sku": sku(2),
            "name_zh": "LED球泡 2W",
            "on_time": 0,
            "late": 6,
            "undated": 0,
            "on_time_rate": "0.0000",
        },  # the last two were promised for Thursday
        {"sku": sku(3), "name_zh": "LED球泡 3W", "on_time": 0, "late": 4, "undated": 0, "on_time_rate": "0.0000"},
    ]
    assert on_time_report(client)["total"] == {
        "sku": None,
        "name_zh": None,
        "on_time": 3,
        "late": 11,
        "undated": 2,
        "on_time_rate": "0.2143",
    }
    assert on_time_report(client, sku=sku(1))["total"]["on_time_rate"] == "0.7500"
    assert on_time_report(client, month="2026-12")["total"] == {
        "sku": None,
        "name_zh": None,
        "on_time": 0,
        "late": 0,
        "undated": 0,
        "on_time_rate": None,
    }


def test_dealer_sees_the_on_time_rate_without_shipments_of_others(client: OrdersClient) -> None:
    open_shop(stock=100)
    own, other = client.approved(order_of((1, 3))), client.accepted(order_of((1, 5), (2, 7)), dealer="D0002")
    assert client.act(other, "approve", {}).status == 200
    assert [client.ship(order_id).status for order_id in (own, other)] == [201, 201]
    shown = {
        dealer: [
            (row["sku"], row["on_time"]) for row in report_for(client, client.world.token(dealer_id=dealer))["skus"]
        ]
        for dealer in ("D0001", "D0002")
    }
    assert shown == {"D0001": [(sku(1), 3)], "D0002": [(sku(1), 5), (sku(2), 7)]}
    assert on_time_report(client)["total"]["on_time"] == 15


def test_on_time_rate_ignores_promises_made_after_the_shipment(client: OrdersClient) -> None:
    open_shop(stock=4)
    order_id = client.approved_in_part(order_of((1, 10)))
    assert client.ship(order_id).status == 201
    assert client.expect("PO-1", WEDNESDAY, (sku(1), 10)).status == 200
    client.world.relay_once()
    client.world.consume_once(
        "orders", "reserve_stock"
    )  # the line has a date now, and the shipment is not recorded yet
    assert on_time_report(client)["skus"] == [
        {"sku": sku(1), "name_zh": "LED球泡 1W", "on_time": 0, "late": 0, "undated": 4, "on_time_rate": None}
    ]


def test_shipment_punctuality_is_recorded_once_when_any_call_fails(client: OrdersClient) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop()
        orders[:] = [client.approved(order_of((1, 10), (2, 5)))]

    for fault in faults.every_point(
        client.world, prepare=prepare, act=lambda: client.ship(orders[0], key="once"), kinds=_CRASHES
    ):
        assert in_the_end(lambda: client.ship(orders[0], key="once")).status == 201, fault
        assert on_time_report(client)["total"]["on_time"] == 15, fault
        client.world.redeliver_everything()
        assert on_time_report(client)["total"]["on_time"] == 15, fault


def on_time_report(client: OrdersClient, **query: str) -> Any:
    """Return the on-time rate of November as staff read it, once all shipments are recorded."""
    return report_for(client, client.world.token(role="warehouse"), **query)


def report_for(client: OrdersClient, token: str, **query: str) -> Any:
    client.world.drain()
    asked = {"warehouse": "GZ", "month": "2026-11"} | query
    return client.world.call("orders", "GET", "/on-time-rate", query=asked, token=token).json
