"""Random client: sends the requests that users of all roles can send, and remembers what the system answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from services.orders.order.items import order_part_key
from tests.support.fixtures import sku
from tests.support.world import World

DEALERS = ("D0001", "D0002")
WAREHOUSES = ("GZ", "FS")
SKUS = tuple(sku(number) for number in range(4))


class RandomRequest(NamedTuple):
    """A request, with its idempotency key."""

    service: str
    path: str
    body: Mapping[str, Any] | None
    role: str
    dealer: str | None
    key: str
    method: str = "POST"


@dataclass
class RandomClient:
    """Accepted orders and posted journals, and the random source of the run."""

    world: World
    random: Random
    orders: list[str] = field(default_factory=list)
    journals: list[str] = field(default_factory=list)
    sent: int = 0

    def learn(self, request: RandomRequest, answer: Any) -> None:
        """Remember the answer to a request that succeeded."""
        if request.path == "/orders":
            self.orders.append(answer["order_id"])
        if request.path == "/payments":
            self.journals.append(answer["journal_id"])

    def order(self, *states: str) -> str | None:
        """Return an order, in nine of ten cases one in one of these states."""
        candidates = [order_id for order_id in self.orders if self._state(order_id) in states]
        if self.random.random() < 0.1:
            candidates = self.orders
        return self.random.choice(candidates) if candidates else None

    def _state(self, order_id: str) -> str:
        header: Any = self.world.find(order_part_key("HEADER", order_id)) or {}
        return str(header.get("state", {}).get("S"))

    def staff_request(
        self, path: str, body: Mapping[str, Any] | None, role: str, *, service: str = "orders", method: str = "POST"
    ) -> RandomRequest:
        """Return a request of a staff user."""
        return RandomRequest(service, path, body, role, None, self._next_key(), method)

    def dealer_request(
        self,
        dealer_id: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        role: str = "dealer_buyer",
        service: str = "orders",
        method: str = "POST",
    ) -> RandomRequest:
        """Return a request of a dealer's user."""
        return RandomRequest(service, path, body, role, dealer_id, self._next_key(), method)

    def order_request(self, action: str, body: Mapping[str, Any], role: str, *states: str) -> RandomRequest | None:
        """Return a staff user's action on an order in one of these states; None without an order."""
        order_id = self.order(*states)
        return self.staff_request(f"/orders/{order_id}/{action}", body, role) if order_id else None

    def _next_key(self) -> str:
        self.sent += 1
        return f"play-{self.sent}"
