"""Requests and a client for the tests of tickets."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.types import Binary

from contracts.order_lines import LinesItem, order_lines_key
from tests.support.fixtures import sku
from tests.support.gateway import Response
from tests.support.world import World

#: Monday 10:00 in Shanghai.
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
#: Text of internal notes; must not appear anywhere else.
CANARY = "内部-7f3a-勿外传"
PHONE = "+8613812345678"


def ticket_request(**more: Any) -> dict[str, Any]:
    """Return the body of a registration."""
    return {
        "kind": "repair",
        "sku": sku(1),
        "serial": "SN-0001",
        "title": "灯带不亮",
        "description": "安装两周后整条不亮,已换电源。",
        "contact": {"name": "陈工", "phone": PHONE},
        "site_address": "广州市天河区体育西路 1 号",
        **more,
    }


#: Actions of the dealer; all others are those of staff.
DEALER_ACTIONS = frozenset({"answer", "reopen", "rating", "withdraw"})

#: Body of every action.
BODIES: dict[str, dict[str, Any]] = {
    "accept": {},
    "review": {},
    "dispatch": {"assignee": "张工"},
    "reassign": {"assignee": "李工"},
    "complete": {"result": "已更换灯带"},
    "reject": {"reason": "人为损坏,不在保修范围"},
    "withdraw": {"reason": "客户已自行解决"},
    "ask": {"question": "请提供电源型号"},
    "answer": {"answer": "明纬 LRS-100-24"},
    "reopen": {"reason": "又不亮了"},
    "rating": {"score": 5},
}


def store_order(order_id: str, *skus: str) -> None:
    """Store the lines of an order, as orders writes them."""
    LinesItem(
        *order_lines_key(order_id),
        wanted=[[number for number, _ in enumerate(skus)], [1] * len(skus)],
        columns={"sku": list(skus)},
        price_list="A",
        price_version=1,
    ).save()


class TicketsClient:
    """Client of the tickets service, with a clock that its test sets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = MONDAY
        self.keys = 0

    def advance(self, **by: float) -> None:
        """Move the clock forward."""
        self.now += timedelta(**by)

    def post(self, path: str, body: Any, *, role: str, dealer: str | None = None, key: str | None = None) -> Response:
        self.keys += 1
        token = self.world.token(role=role, dealer_id=dealer)
        return self.world.call("tickets", "POST", path, body=body, token=token, key=key or f"key-{self.keys}")

    def get(self, path: str, *, role: str = "aftersales", dealer: str | None = None) -> Response:
        token = self.world.token(role=role, dealer_id=dealer)
        return self.world.call("tickets", "GET", path, token=token)

    def register(self, *, dealer: str = "D0001", key: str | None = None, **more: Any) -> Response:
        return self.post("/tickets", ticket_request(**more), role="dealer_buyer", dealer=dealer, key=key)

    def new_ticket(self, *, dealer: str = "D0001", **more: Any) -> str:
        """Register a ticket and return its id."""
        answer = self.register(dealer=dealer, **more)
        assert answer.status == 201, answer.json
        ticket_id: str = answer.json["ticket_id"]
        return ticket_id

    def act(
        self, ticket_id: str, action: str, body: Any = None, *, role: str = "aftersales", **caller: Any
    ) -> Response:
        body = BODIES[action] if body is None else body
        return self.post(f"/tickets/{ticket_id}/{action}", body, role=role, **caller)

    def act_as_dealer(
        self, ticket_id: str, action: str, body: Any = None, *, dealer: str = "D0001", **more: Any
    ) -> Response:
        return self.act(ticket_id, action, body, role="dealer_buyer", dealer=dealer, **more)

    def take_steps(self, ticket_id: str, *actions: str) -> None:
        """Take actions with the default bodies; each must succeed."""
        for action in actions:
            act = self.act_as_dealer if action in DEALER_ACTIONS else self.act
            answer = act(ticket_id, action)
            assert answer.status == 200, (action, answer.json)

    def show(self, ticket_id: str, *, role: str = "aftersales", dealer: str | None = None) -> Any:
        answer = self.get(f"/tickets/{ticket_id}", role="dealer_buyer" if dealer else role, dealer=dealer)
        assert answer.status == 200, answer.json
        return answer.json


def items_containing(world: World, text: str) -> set[tuple[str, str]]:
    """Return first key segments of the items that contain a text, in compressed values too."""
    return {
        (item["pk"].split("#")[0], item["sk"].split("#")[0])
        for item in world.items()
        if any(text in _text_of(value) for value in item.values())
    }


def _text_of(value: Any) -> str:
    return zlib.decompress(bytes(value)).decode() if isinstance(value, Binary) else str(value)
