"""States in which a random run may begin, created through the API once and then restored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.notifications.fixtures import add_user
from tests.orders.client import OrdersClient
from tests.simulation.random_client import DEALERS, SKUS, WAREHOUSES
from tests.simulation.seeded import seeded
from tests.support.fixtures import open_shop, order_of
from tests.support.world import Saved, World


@dataclass(frozen=True)
class StartingState:
    """State in which a run begins.

    Args:
        stock: pieces of each SKU in each warehouse.
        credit_limit_fen: credit limit of each dealer.
        rule: allocation rule.
        alternates: the second warehouse serves what the first is short of.
        has_users: dealers and the distributor have users who get messages.
        phone: where dealers get text messages.
    """

    name: str
    stock: tuple[int, int]
    credit_limit_fen: int = 100_000_000
    rule: dict[str, Any] | None = None
    alternates: bool = False
    has_users: bool = False
    phone: str | None = None


STARTING_STATES = (
    StartingState("plenty", (1_000, 1_000), has_users=True),
    StartingState("contended", (10, 0)),
    StartingState("scarce", (2, 3), alternates=True, has_users=True, phone="+8613800000001"),
    StartingState("empty", (0, 0), rule={"rule": "pro_rata_by_tier", "pack": 1}),
    StartingState("short of credit", (50, 5), credit_limit_fen=15_000),
)


class StartingStates:
    """A world that is put into any of the starting states."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._built: dict[str, tuple[Saved, list[str]]] = {}

    def enter(self, state: StartingState) -> list[str]:
        """Put the world into this state and return its orders. No earlier message is delivered again."""
        if state.name not in self._built:
            with seeded(0):
                self.world.empty()
                orders = _build(self.world, state)
                _run_schedules(self.world)
            self._built[state.name] = self.world.save(), orders
        saved, orders = self._built[state.name]
        self.world.restore(saved)
        return list(orders)


def _build(world: World, state: StartingState) -> list[str]:
    open_shop(products=len(SKUS), stock=None, dealers=DEALERS, credit_limit_fen=state.credit_limit_fen)
    if state.has_users:
        for dealer_id in DEALERS:
            add_user(dealer_id, f"{dealer_id}-boss", "dealer_admin", state.phone)
        add_user(None, "clerk", "assistant", None)
    client = OrdersClient(world)
    for warehouse, pieces in zip(WAREHOUSES, state.stock, strict=True):
        if pieces:
            lines = [{"sku": name, "quantity": pieces} for name in SKUS]
            receipt = {"warehouse": warehouse, "reference": "FIRST", "lines": lines}
            _send(client, "POST", "/stock/goods-receipts", "warehouse", receipt)
    if state.rule:
        rule = state.rule | {"reason": "约定", "version": 0}
        _send(client, "PUT", "/warehouses/GZ/allocation-rule", "admin", rule)
    if state.alternates:
        sourcing = {"alternates": ["FS"], "reason": "约定", "version": 0}
        _send(client, "PUT", "/warehouses/GZ/sourcing-rule", "admin", sourcing)
    return _place_orders(client)


def _run_schedules(world: World) -> None:
    """Run every schedule twice, so that no scheduled work is left."""
    for _ in range(2):
        world.clock.advance(minutes=6)
        for service, app in world.apps.items():
            for spec in app.periodics:
                world.periodic(service, spec.function)
        world.drain()


def _place_orders(client: OrdersClient) -> list[str]:
    """Place two orders in review, and one that is approved if there is stock for it."""
    orders = [client.accepted(order_of((number, 2), (3, 1)), dealer=dealer) for number, dealer in enumerate(DEALERS)]
    orders.append(client.accepted(order_of((1, 2)), dealer=DEALERS[0]))
    client.act(orders[-1], "approve", {})
    return orders


def _send(client: OrdersClient, method: str, path: str, role: str, body: dict[str, Any]) -> None:
    token = client.world.token(role=role)
    answer = client.world.call("orders", method, path, body=body, token=token, key=f"place {path} {body}"[:60])
    assert answer.status in (200, 201), answer.json
