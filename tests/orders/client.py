"""A client of the orders service for tests: dealers, clerks and warehouse, in the words of the trade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support.fixtures import WAREHOUSE
from tests.support.gateway import Response
from tests.support.world import World


class OrdersClient:
    """Requests of dealers, clerks and the warehouse, each with a fresh key unless one is given."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys = 0

    def submit(self, body: Any, *, dealer: str = "D0001", key: str | None = None) -> Response:
        """Submit an order as a dealer."""
        return self._post("/orders", body, self.world.token(role="dealer_buyer", dealer_id=dealer), key)

    def quote(self, body: Any, *, dealer: str = "D0001", role: str = "dealer_buyer") -> Response:
        """Quote an order as a dealer or as staff."""
        token = self.world.token(role=role, dealer_id=dealer if role.startswith("dealer") else None)
        return self.world.call("orders", "POST", "/orders/quote", body=body, token=token)

    def accepted(self, body: Any, *, dealer: str = "D0001") -> str:
        """Submit an order, deliver all messages, and return its id."""
        answer = self.submit(body, dealer=dealer)
        assert answer.status == 202, answer.json
        self.world.drain()
        order_id: str = answer.json["order_id"]
        return order_id

    def approved(self, body: Any) -> str:
        """Return the id of an order that may be shipped."""
        order_id = self.accepted(body)
        assert self.act(order_id, "approve", {}).status == 200
        self.world.drain()
        return order_id

    def approved_in_part(self, body: Any) -> str:
        """Return the id of an order whose available part may be shipped."""
        order_id = self.accepted(body)
        assert self.act(order_id, "holds/stock/release", {"reason": "先发后补"}).status == 200
        assert self.act(order_id, "approve", {}).status == 200
        self.world.drain()
        return order_id

    def act(
        self, order_id: str, action: str, body: Any, *, role: str = "assistant", key: str | None = None
    ) -> Response:
        """Take an action on an order as staff."""
        return self._post(f"/orders/{order_id}/{action}", body, self.world.token(role=role), key)

    def ship(self, order_id: str, *lines: tuple[int, int], key: str | None = None) -> Response:
        """Ship (line, pieces), or everything reserved, under a separate waybill for each key."""
        self.keys += 1
        key = key or f"ship-{self.keys}"
        body: dict[str, Any] = {"carrier": "顺丰", "waybill": f"SF-{key}"}
        if lines:
            body["lines"] = [{"line_no": number, "quantity": quantity} for number, quantity in lines]
        return self.act(order_id, "shipments", body, role="warehouse", key=key)

    def shipments(self, order_id: str) -> Any:
        """Return an order's shipments as staff see them."""
        token = self.world.token(role="warehouse")
        return self.world.call("orders", "GET", f"/orders/{order_id}/shipments", token=token).json["shipments"]

    def receive(
        self,
        reference: str,
        *lines: tuple[str, int],
        key: str | None = None,
        warehouse: str = WAREHOUSE,
        expected: str | None = None,
    ) -> Response:
        """Post a goods receipt."""
        body = {"warehouse": warehouse, "reference": reference, "lines": _goods(lines)}
        if expected:
            body["expected"] = expected
        return self._post("/stock/goods-receipts", body, self.world.token(role="warehouse"), key)

    def adjust(self, kind: str, reference: str, *lines: tuple[str, int], key: str | None = None) -> Response:
        """Post a count or an adjustment."""
        body = {"warehouse": WAREHOUSE, "reference": reference, "kind": kind, "reason": "盘点", "lines": _goods(lines)}
        return self._post("/stock/adjustments", body, self.world.token(role="warehouse"), key)

    def transfer(
        self, reference: str, expected_on: str, *lines: tuple[str, int], to: str = "SH", key: str | None = None
    ) -> Response:
        """Send goods to another warehouse."""
        body = {
            "from_warehouse": WAREHOUSE,
            "to_warehouse": to,
            "reference": reference,
            "expected_on": expected_on,
            "reason": "补货",
            "lines": _goods(lines),
        }
        return self._post("/stock/transfers", body, self.world.token(role="warehouse"), key)

    def expect(
        self,
        reference: str,
        expected_on: str,
        *lines: tuple[str, int],
        version: int = 0,
        warehouse: str = WAREHOUSE,
        reason: str = "工厂来货",
    ) -> Response:
        """Announce, move or cancel an expected delivery."""
        body = {"expected_on": expected_on, "lines": _goods(lines), "reason": reason, "version": version}
        path = f"/stock/expected/{warehouse}/{reference}"
        return self.world.call("orders", "PUT", path, body=body, token=self.world.token(role="warehouse"))

    def expected(self, reference: str | None = None) -> Response:
        """Return what is expected, or one delivery with its history."""
        path = f"/stock/expected/{WAREHOUSE}" + (f"/{reference}" if reference else "")
        return self.world.call("orders", "GET", path, token=self.world.token(role="warehouse"))

    def promisable(self, *skus: str, dealer: str | None = None, warehouse: str = WAREHOUSE) -> Response:
        """Return available-to-promise pieces as staff or a dealer sees them."""
        token = self.world.token(role="assistant")
        if dealer:
            token = self.world.token(role="dealer_buyer", dealer_id=dealer)
        path = f"/stock/{warehouse}/available-to-promise"
        return self.world.call("orders", "GET", path, query={"skus": ",".join(skus)}, token=token)

    def show(self, order_id: str, *, dealer: str | None = None) -> Response:
        """Return an order as staff or a dealer sees it."""
        token = self.world.token(role="assistant")
        if dealer:
            token = self.world.token(role="dealer_buyer", dealer_id=dealer)
        return self.world.call("orders", "GET", f"/orders/{order_id}", token=token)

    def _post(self, path: str, body: Any, token: str, key: str | None) -> Response:
        self.keys += 1
        return self.world.call("orders", "POST", path, body=body, token=token, key=key or f"key-{self.keys}")


def _goods(lines: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
