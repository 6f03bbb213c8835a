"""Rows and a client for the tests of dealers."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from contracts.catalog import PriceListItem, price_list_key
from tests.support.gateway import Response
from tests.support.world import World


def user_row(username: str, *roles: str, **fields: Any) -> dict[str, Any]:
    """Return a row of a user."""
    base = {"username": username, "name": f"王 {username}", "phone": "+8619900001000"}
    return {**base, "roles": list(roles) or ["dealer_admin"], **fields}


def dealer_row(dealer_id: str, *users: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a row of a dealer; without users the dealer has one administrator."""
    base = {
        "dealer_id": dealer_id,
        "name": f"明辉灯饰 {dealer_id}",
        "territory": "广东 广州",
        "grade": "一级",
        "price_list": "A",
        "warehouse": "GZ",
        "credit_limit_fen": 500_000_00,
        "payment_days": 30,
    }
    return {**base, "users": list(users) or [user_row(f"{dealer_id.lower()}-owner")], **fields}


class DealersClient:
    """Client of the dealers service. Requests are sent by an administrator unless a token is given."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.admin = world.token(role="admin", sub="u-admin")
        self._keys = count()

    def publish_price_list(self, price_list: str) -> None:
        """Store a price list as catalog does."""
        PriceListItem(
            *price_list_key(price_list),
            price_list_id=price_list,
            name="价",
            version=1,
            valid_from="2026-01-01",
            page_versions=[],
        ).save()

    def post(self, path: str, body: Any, key: str | None = None) -> Response:
        """Send a request, by default under a new key."""
        key = key or f"key-{next(self._keys)}"
        return self.world.call("dealers", "POST", path, body=body, token=self.admin, key=key)

    def import_dealers(self, *rows: dict[str, Any], key: str | None = None) -> Response:
        """Send a dealer file."""
        return self.post("/imports/dealers", {"dealers": list(rows)}, key)

    def import_staff(self, *rows: dict[str, Any], key: str | None = None) -> Response:
        """Send a staff file."""
        return self.post("/imports/staff", {"staff": list(rows)}, key)

    def get(self, path: str, token: str | None = None, **query: Any) -> Response:
        """Send a read request."""
        return self.world.call("dealers", "GET", path, token=token or self.admin, query=query)

    def put_terms(self, dealer_id: str, token: str | None = None, **fields: Any) -> Response:
        """Change terms; fields not given have the values of `dealer_row`."""
        row = dealer_row(dealer_id)
        terms = {name: row[name] for name in ("grade", "price_list", "warehouse", "credit_limit_fen", "payment_days")}
        body = {**terms, "status": "active", "version": 1, "reason": "年度调整", **fields}
        return self.world.call("dealers", "PUT", f"/dealers/{dealer_id}/terms", body=body, token=token or self.admin)

    def stored_items(self) -> dict[str, str]:
        """Return all items that dealers stores, without recorded responses."""
        return {key: item for key, item in self.world.snapshot().items() if key.startswith(("DEALER#", "USER#"))}

    def events(self, subject: str) -> list[dict[str, Any]]:
        """Return the envelopes of a subject's events, in order."""
        return [
            json.loads(item["body"])
            for item in self.world.items("DEALER#")
            if item["sk"].startswith(f"EVENT#{subject}#")
        ]
