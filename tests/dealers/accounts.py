"""Requests of administrators and invited users, for the tests of accounts."""

from __future__ import annotations

from typing import Any

from tests.dealers.fixtures import DealersClient
from tests.support.gateway import Response

PASSWORD = "deng-pao-2026"
PHONE = "+8619900001000"


def people_of(client: DealersClient, dealer_id: str, *, own: bool = False) -> dict[str, Any]:
    token = client.world.token(role="dealer_admin", dealer_id=dealer_id) if own else client.admin
    return {person["username"]: person for person in client.get(f"/dealers/{dealer_id}/people", token).json["people"]}


def accept(client: DealersClient, username: str, code: str, password: str = PASSWORD) -> Response:
    body = {"username": username, "code": code, "password": password}
    return client.world.call("dealers", "POST", "/invitations/accept", body=body)
