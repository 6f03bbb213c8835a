"""The actions that an order lists: exactly those whose route the state, the roles and the obstacles admit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.orders.client import OrdersClient
from tests.orders.test_delivery_addresses import DEFAULT, store_addresses
from tests.support.fixtures import open_shop, order_of
from tests.support.gateway import Response
from tests.support.world import Saved, World

REASON = {"reason": "试一下"}
#: Route and body of each action of a person.
ROUTES: dict[str, tuple[str, Any]] = {
    "extend_reservation": ("extend-reservation", REASON),
    "release_hold": ("holds/{hold}/release", REASON),
    "approve": ("approve", {}),
    "reject": ("reject", REASON),
    "cancel": ("cancel", REASON),
    "cancel_lines": ("lines/cancel", REASON | {"lines": [{"line_no": 1, "quantity": 1}]}),
    "report_short_pick": ("short-picks", REASON | {"lines": [{"line_no": 1, "quantity": 1}]}),
    "change_delivery_address": ("delivery-address", {"address_id": "A1"}),
    "ship": ("shipments", {"carrier": "顺丰", "waybill": "SF1"}),
    "void_shipment": ("shipments/{order}-S01/void", REASON),
}
STAFF = ("assistant", "warehouse", "finance", "aftersales", "admin")
DEALER = ("dealer_admin", "dealer_buyer", "dealer_accountant")


@pytest.fixture
def orders(fast_world: World) -> Iterator[tuple[OrdersClient, list[str]]]:
    """Return orders in all states, with and without holds, backorders and shipments."""
    client = OrdersClient(fast_world)
    open_shop(stock=30)
    store_addresses(DEFAULT)
    found = [client.approved(order_of((1, 5))), client.approved(order_of((1, 5)))]
    client.ship(found[0], (1, 2))
    client.ship(found[1])
    found += [client.accepted(order_of((2, 4))) for _ in range(3)]
    client.act(found[-1], "reject", REASON)
    client.act(found[-2], "cancel", REASON)
    found.append(client.accepted(order_of((3, 40))))
    fast_world.drain()
    found.append(client.submit(order_of((2, 1))).json["order_id"])
    yield client, found


def token(world: World, role: str) -> str:
    return world.token(role=role, dealer_id="D0001" if role in DEALER else None)


def take(world: World, order_id: str, action: str, role: str, holds: list[str], saved: Saved) -> list[Response]:
    """Take an action in every way it can be taken, each on the orders as they are now."""
    path, body = ROUTES[action]
    answers = []
    for hold in holds or ["stock"]:
        filled = f"/orders/{order_id}/{path.format(hold=hold, order=order_id)}"
        answers.append(world.call("orders", "POST", filled, body=body, token=token(world, role), key="k-action"))
        world.restore(saved)
    return answers


def test_listed_actions_are_exactly_those_that_are_accepted(orders: tuple[OrdersClient, list[str]]) -> None:
    client, order_ids = orders
    saved, seen = client.world.save(), set()
    for order_id in order_ids:
        for role in (*STAFF, *DEALER):
            shown = client.world.call("orders", "GET", f"/orders/{order_id}", token=token(client.world, role)).json
            assert set(shown["actions"]) <= ROUTES.keys()
            for action in ROUTES:
                answers = take(client.world, order_id, action, role, shown["holds"], saved)
                accepted = any(answer.status < 400 for answer in answers)
                assert accepted is (action in shown["actions"]), (order_id, shown["state"], role, action, answers)
                seen |= {action} if accepted else set()
    assert seen == ROUTES.keys()


def test_suspended_dealer_stops_what_goes_on(orders: tuple[OrdersClient, list[str]]) -> None:
    from contracts.dealers import DealerItem, dealer_key

    client, order_ids = orders
    dealer = DealerItem.get(*dealer_key("D0001"))
    dealer.status = "suspended"
    dealer.save()
    for order_id in order_ids:
        assert not {"approve", "ship", "extend_reservation"} & set(client.show(order_id).json["actions"])
