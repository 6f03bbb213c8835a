"""The shops a play may begin in, made through the API once and then gone back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.notifications.fixtures import add_user
from tests.orders.client import OrdersClient
from tests.simulation.chance import drawn_from
from tests.support.fixtures import open_shop, order_of, sku
from tests.support.world import Saved, World

DEALERS = ("D0001", "D0002")
WAREHOUSES = ("GZ", "FS")
SKUS = tuple(sku(number) for number in range(4))


@dataclass(frozen=True)
class Place:
    """What was agreed before the play begins. `stock`: pieces of each SKU in each warehouse; `limit_fen`: credit;
    `people`: who may be told of it; `phone`: where dealers are texted."""

    name: str
    stock: tuple[int, int]
    limit_fen: int = 100_000_000
    rule: dict[str, Any] | None = None
    alternates: bool = False
    people: bool = False
    phone: str | None = None


PLACES = (
    Place("plenty", (1_000, 1_000), people=True),
    Place("contended", (10, 0)),
    Place("scarce", (2, 3), alternates=True, people=True, phone="+8613800000001"),
    Place("empty", (0, 0), rule={"rule": "pro_rata_by_tier", "pack": 1}),
    Place("short of credit", (50, 5), limit_fen=15_000),
)


class Stage:
    """A world that can be any of the places."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._built: dict[str, tuple[Saved, list[str]]] = {}

    def enter(self, place: Place) -> list[str]:
        """Make the world this place; the orders there are. Nothing that happened before is delivered again."""
        if place.name not in self._built:
            with drawn_from(0):
                self.world.empty()
                orders = _build(self.world, place)
                _time_passes(self.world)
            self._built[place.name] = self.world.save(), orders
        saved, orders = self._built[place.name]
        self.world.restore(saved)
        return list(orders)


def _build(world: World, place: Place) -> list[str]:
    open_shop(products=len(SKUS), stock=None, dealers=DEALERS, credit_limit_fen=place.limit_fen)
    if place.people:
        for dealer_id in DEALERS:
            add_user(dealer_id, f"{dealer_id}-boss", "dealer_admin", place.phone)
        add_user(None, "clerk", "assistant", None)
    desk = OrdersClient(world)
    for warehouse, pieces in zip(WAREHOUSES, place.stock, strict=True):
        if pieces:
            came = {
                "warehouse": warehouse,
                "reference": "FIRST",
                "lines": [{"sku": name, "quantity": pieces} for name in SKUS],
            }
            _agreed(desk, "POST", "/stock/goods-receipts", "warehouse", came)
    if place.rule:
        _agreed(desk, "PUT", "/warehouses/GZ/allocation-rule", "admin", place.rule | {"reason": "约定", "version": 0})
    if place.alternates:
        stands_in = {"alternates": ["FS"], "reason": "约定", "version": 0}
        _agreed(desk, "PUT", "/warehouses/GZ/sourcing-rule", "admin", stands_in)
    return _business_goes_on(desk)


def _time_passes(world: World) -> None:
    """What is done every so often has been done."""
    for _ in range(2):
        world.clock.advance(minutes=6)
        for service, app in world.apps.items():
            for spec in app.periodics:
                world.periodic(service, spec.function)
        world.drain()


def _business_goes_on(desk: OrdersClient) -> list[str]:
    """Two orders that a clerk may decide, and one that was approved if there are goods for it."""
    orders = [desk.accepted(order_of((number, 2), (3, 1)), dealer=dealer) for number, dealer in enumerate(DEALERS)]
    orders.append(desk.accepted(order_of((1, 2)), dealer=DEALERS[0]))
    desk.act(orders[-1], "approve", {})
    return orders


def _agreed(desk: OrdersClient, method: str, path: str, role: str, body: dict[str, Any]) -> None:
    token = desk.world.token(role=role)
    answer = desk.world.call("orders", method, path, body=body, token=token, key=f"place {path} {body}"[:60])
    assert answer.status in (200, 201), answer.json
